# shellcheck shell=bash
# Of the example with a function behind an alias: the package it begins with, and the version that is live.
# Sourced by deploy.sh, never run. Of deploy.sh are `name`, `packages` and the rest; `own` and `runs` are for it.
# shellcheck disable=SC2034,SC2154

# The parameters of the root template that say what runs. The package is told once: the stack keeps it.
own=(Version PackageBucket PackageKey)

check_for_first() {
  check_for_commit
}

before_first() { :; }

# The package of the sample application. Under the name of its commit it is there again if this is run again.
first_version() {
  local key
  key=$(commit) || exit
  key=first/$key.zip
  cargo lambda build --release --locked --arm64 --output-format zip --package sample-app --bin sample-app-lambda
  aws s3 cp --only-show-errors target/lambda/sample-app-lambda/bootstrap.zip "s3://$packages/$key"
  runs=("PackageKey=$key" "PackageBucket=$packages")
  say "s3://$packages/$key"
}

# alias_of FIELD: of the alias of the function.
alias_of() {
  aws lambda get-alias --function-name "$name" --name live --query "$1"
}

# refuse_moved_weights: without a release only a person can have given the alias weights, and an update might take them away.
refuse_moved_weights() {
  local weights
  weights=$(alias_of 'RoutingConfig.AdditionalVersionWeights | to_string(@)') || exit
  [[ $weights == null || $weights == '{}' ]] || fail \
    "alias $name:live has weights although no release is in progress: $weights" \
    'An update could take them away at any moment. Look who has set them, and when the version behind the alias can take everything:' \
    "aws lambda update-alias --function-name $name --name live --routing-config 'AdditionalVersionWeights={}'"
}

# The version behind the alias.
live_version() {
  local version
  version=$(alias_of FunctionVersion) || exit
  [[ $version =~ ^[1-9][0-9]*$ ]] || fail "alias $name:live stands on $version, which is no published version" \
    'Whatever is written to the function would be live at once. Put the alias on a version:' \
    "aws lambda update-alias --function-name $name --name live --function-version NUMBER"
  runs=("Version=$version")
}

some_work() {
  if [[ $(parameter "$name" InvokedBy) == url ]]; then
    calls "--aws-sigv4 aws:amz:$AWS_REGION:lambda --user \"\$AWS_ACCESS_KEY_ID:\$AWS_SECRET_ACCESS_KEY\" --header \"x-amz-security-token: \$AWS_SESSION_TOKEN\" "
  else
    messages
  fi
}
