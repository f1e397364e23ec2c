#!/usr/bin/env bash
# Creates or updates the whole example on AWS: a queue, its consumer as two ECS services, the four functions, and the
# pipeline that releases new versions of the consumer as canaries. Or the HTTP example, whose two services are behind a load
# balancer. Or the Lambda example, a function behind an alias. Or the example of task sets, one ECS service of which both versions are a
# part, and a pipeline in which people decide twice.
#
#   infra/deploy.sh [--name NAME] [--http | --lambda | --task-sets] [--parameter KEY=VALUE]...
#
#   --name NAME            of the stack, and in the names of its resources: 2 to 20 lower-case letters, digits and
#                          hyphens, a letter first. Default: orders
#   --http                 the HTTP example; at every update of it, too
#   --lambda               the Lambda example, whose function a queue invokes, or with --parameter InvokedBy=url HTTP requests;
#                          at every update of it, too
#   --task-sets            the example of task sets, whose tasks consume a queue, or with --parameter WorkFrom=alb answer HTTP
#                          requests; at every update of it, too
#   --parameter KEY=VALUE  a parameter of infra/main.yaml, with --http of infra/http.yaml, and so on, for example
#                          NotificationEmail=you@example.com; as often as needed. An update keeps the values of all that are not
#                          given, whatever their default is now.
#   --help                 this text
#
# Needs: AWS CLI version 2 (or 1.33 and later) with credentials that may create IAM roles, and a Region; git; Rust with rustup; cargo-lambda;
# for the first deployment also Docker, running, except with --lambda. The first deployment takes about 20 minutes.
#
# Creates: stack NAME-artifacts (image repository, bucket for deployment packages) and stack NAME with its nested stacks;
# in a new account also the service-linked roles of ECS, its scaling and load balancers, which are the account's and stay.
# Costs: the Fargate tasks run all the time, three by default, and so does a load balancer; a function costs what it is invoked.
# infra/docs/costs.md has the amounts.
# Ended half-way, by an error or by Ctrl-C, it can be run again and goes on.
#
# Before anything is created or built it looks whether the parameters fit each other, and whether a stack of these names is
# there that it has not made (without the tag canary-release=NAME, or of another template): of those it touches none.
#
# Releases are the pipeline's: an update passes the image that the primary service runs at this moment as parameter Image,
# so that it never undoes one. Before anything else the stack alone is told that image, so that an update that fails goes
# back to what is live, too; the services then start their tasks anew, with the same image. While a release is in progress
# nothing is updated, and while an update is in progress the pipeline's stage Canary lets no execution in. The weights of a
# load balancer's rule are the releases' as well: unless they are at rest, as the template has them, nothing is updated. Of a
# function the same goes for the version behind its alias, parameter Version, and for the alias's weights; of task sets for the target group
# of the PRIMARY one, parameter Stable, and for the parts of all of them.
# A change of the stack by any other way than this script has to do the same.
#
# Examples:
#   infra/deploy.sh --parameter NotificationEmail=you@example.com
#   infra/deploy.sh --name shop --http
#   infra/deploy.sh --name thumbnails --lambda --parameter InvokedBy=url
#   infra/deploy.sh --name invoices --task-sets --parameter WorkFrom=alb
#   infra/deploy.sh --name parcels --parameter PrimaryMinTasks=4 --parameter GuardMinutes=120
#   infra/deploy.sh --parameter SourceType=Connection --parameter Repository=me/orders \
#     --parameter ConnectionArn=arn:aws:codeconnections:eu-central-1:111122223333:connection/...
#
# Exit codes: 0 deployed; 1 failed or refused; 2 wrong usage, or parameters that contradict each other; 3 a prerequisite is
# missing; 130 ended by Ctrl-C; 143 by SIGTERM.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=infra/lib.sh
source infra/lib.sh
# shellcheck source=infra/parameters.sh
source infra/parameters.sh

readonly functions=(deploy-canary shift-weight promote-primary rollback)
readonly stage=Canary
# CodePipeline takes letters, digits and ! @ ( ) . * ? - here.
readonly door_reason='deploy.sh updates the stack'
scratch=''
status=''
door=untouched

main() {
  name=orders
  example=''
  parameters=()
  local given
  while [[ $# -gt 0 ]]; do
    case $1 in
      --name) value "$@"; name=$2; shift 2 ;;
      --http | --lambda | --task-sets) choose "${1#--}"; shift ;;
      --parameter) value "$@"; parameters+=("$2"); shift 2 ;;
      --help | -h) help ;;
      *) misused "unknown option $1" ;;
    esac
  done
  check_name "$name"
  case ${example:=queue} in
    queue) root=main.yaml ;;
    *) root=$example.yaml ;;
  esac
  # What the example begins with, and what is live.
  case $example in
    lambda)
      # shellcheck source=infra/lambda.sh
      source infra/lambda.sh
      ;;
    task-sets)
      # shellcheck source=infra/task-sets.sh
      source infra/task-sets.sh
      ;;
    *)
      # shellcheck source=infra/services.sh
      source infra/services.sh
      ;;
  esac
  read_template "infra/$root"
  for given in ${parameters[@]+"${parameters[@]}"}; do check_parameter "$given"; done
  scratch=$(mktemp -d)
  check_aws
  [[ ${#problems[@]} -gt 0 ]] || check_stacks
  check_prerequisites

  if [[ -n $status ]]; then refuse_during_release; else before_first; fi
  step "Stack $name-artifacts: image repository and bucket"
  deploy_stack "$name-artifacts" infra/artifacts.yaml "Name=$name"
  packages=$(output "$name-artifacts" PackageBucket)
  step 'Building the functions'
  cargo lambda build --release --locked --arm64 --output-format zip "${functions[@]/#/--package=}"
  if [[ -z $status ]]; then
    step 'The first version'
    first_version
  else
    close_door
    refuse_during_release
    refuse_moved_weights
    live_version
    tell_live_version
  fi
  step "Stack $name: everything else"
  aws cloudformation package --template-file "infra/$root" --output-template-file "$scratch/$root" \
    --s3-bucket "$packages" >"$scratch/package.log"
  deploy_stack "$name" "$scratch/$root" "Name=$name" "${runs[@]}" ${parameters[@]+"${parameters[@]}"}
  open_door
  what_next
}

clean_up() {
  rm -rf "$scratch"
  [[ $door == closed ]] || return 0
  # CloudFormation goes on without this script.
  if [[ $(stack_status "$name") == *_IN_PROGRESS ]]; then
    say "$program: stack $name is still being updated. Stage $stage of pipeline $name-release lets no execution in until this script was run again." >&2
  else
    open_door
  fi
}

# choose EXAMPLE
choose() {
  [[ -z $example || $example == "$1" ]] || misused "--$example and --$1 are two examples; give one of them, and for both deploy twice, with two names"
  example=$1
}

# check_parameter KEY=VALUE. The AWS CLI passes over a key that the template does not have.
check_parameter() {
  local key=${1%%=*} known
  [[ $1 == ?*=* ]] || misused "--parameter $1 is not of the form KEY=VALUE"
  [[ $key != Name ]] || misused '--parameter Name is given as --name'
  ! is_own "$key" || misused "--parameter $key is not for people: what runs now stays, releases are made by the pipeline"
  known=$(declared_keys)
  grep -qx "$key" <<<"$known" ||
    misused "--parameter $key is not a parameter of infra/$root, which has: $(for_people "$known")"
}

# for_people KEYS: those of them that a person may give.
for_people() {
  local key
  for key in $1; do
    [[ $key == Name ]] || is_own "$key" || printf '%s ' "$key"
  done
}

# is_own KEY: whether the script says what the parameter is.
is_own() {
  [[ " ${own[*]} " == *" $1 "* ]]
}

# Whose the stacks are, and whether the parameters fit. Sets status and deployed, of stack NAME; empty if it is to be created.
check_stacks() {
  inspect "$name-artifacts" artifacts
  inspect "$name" queue http lambda task-sets
  [[ -z $kind || $kind == "$example" ]] || fail "stack $name is another example, not that of infra/$root" \
    'The options --http, --lambda and --task-sets say which example is meant, at every update too. For both, give one of them another --name.'
  check_parameters "$root"
  status=$(updatable_status "$name")
  updatable_status "$name-artifacts" >/dev/null
}

# All that is missing at once.
check_prerequisites() {
  if ! command -v cargo >/dev/null; then
    problem 'Rust is missing.' 'Install rustup (The rustup book, "Installation"); it brings the version of rust-toolchain.toml.'
  elif ! cargo lambda --version >/dev/null 2>&1; then
    problem 'cargo-lambda is missing.' 'pip3 install cargo-lambda, or another way of: Cargo Lambda, "Installation".'
  fi
  [[ -n $status ]] || check_for_first
  stop_on_problems
}

# A first version is named by the commit.
check_for_commit() {
  if ! command -v git >/dev/null; then
    problem 'git is missing; the first version is named by the commit.' 'Install it with your package manager.'
  elif ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    problem 'This is not a git repository with a commit; the first version is named by the commit.' \
      'Clone it with git, or: git init, git add ., git commit'
  fi
}

# commit: its hash, which says what the sample application is.
commit() {
  local changed
  changed=$(git status --porcelain -- sample-app Cargo.toml Cargo.lock) || exit
  [[ -z $changed ]] || fail 'the sample application has changes that are not committed, and its first version is named by the commit' \
    'Commit or stash:' "$changed"
  git rev-parse HEAD
}

# updatable_status STACK: its status, or the end with what to do if it cannot be created or updated.
updatable_status() {
  local status
  status=$(settled_status "$1") || exit
  case $status in
    ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED | DELETE_FAILED)
      failed_events "$1" >&2
      fail "stack $1 is $status: it could not be created, or not be deleted, for the reasons above" \
        'CloudFormation can only delete such a stack. Put the reason right, then:' \
        "aws cloudformation delete-stack --stack-name $1 && aws cloudformation wait stack-delete-complete --stack-name $1" \
        "infra/deploy.sh again, with the same options"
      ;;
    UPDATE_ROLLBACK_FAILED)
      failed_events "$1" >&2
      fail "stack $1 is $status: an update failed, and so did going back, for the reasons above" \
        'Put the reason right, then:' \
        "aws cloudformation continue-update-rollback --stack-name $1 && aws cloudformation wait stack-rollback-complete --stack-name $1"
      ;;
    DELETE_COMPLETE | REVIEW_IN_PROGRESS) ;;
    '' | *_COMPLETE) say "$status" ;;
    *) fail "stack $1 is $status, from where this script cannot update it" 'Look at it in the CloudFormation console.' ;;
  esac
}

# deploy_stack STACK TEMPLATE KEY=VALUE...: creates or updates. Parameters that are not given keep their values.
deploy_stack() {
  local stack=$1 template=$2
  shift 2
  aws cloudformation deploy --stack-name "$stack" --template-file "$template" --parameter-overrides "$@" \
    --capabilities CAPABILITY_IAM --tags "application=$name" "$marker=$name" --no-fail-on-empty-changeset || {
    failed_events "$stack" >&2
    fail "stack $stack could not be deployed, for the reasons above" 'Put the reason right and run this again.'
  }
}

refuse_during_release() {
  local release
  release=$(release_in_progress) || exit
  [[ -z $release ]] || fail "a release is in progress, and an update of the stack would interfere: $release" \
    "Wait until it is promoted or rolled back (pipeline $name-release). To end it, reject its approval, or:" \
    "aws lambda invoke --function-name $name-rollback --cli-binary-format raw-in-base64-out --payload '{\"release\": \"${release%%,*}\", \"reason\": \"...\"}' out.json"
}

# Lets no execution into the stage, unless a person has closed it already.
close_door() {
  local state enabled reason
  state=$(pipeline_stage) || exit
  IFS=$'\t' read -r enabled _ _ reason <<<"$state"
  if [[ $enabled == True ]]; then
    door=closed
    aws codepipeline disable-stage-transition --pipeline-name "$name-release" --stage-name "$stage" \
      --transition-type Inbound --reason "$door_reason"
  elif [[ $reason == "$door_reason" ]]; then
    # By a run that was killed.
    door=closed
  fi
}

open_door() {
  [[ $door == closed ]] || return 0
  door=open
  aws codepipeline enable-stage-transition --pipeline-name "$name-release" --stage-name "$stage" --transition-type Inbound ||
    say "$program: open the transition into stage $stage of pipeline $name-release yourself" >&2
}

# Updates nothing but the stack's own idea of what is live: an update that fails goes back to what the stack knew before.
tell_live_version() {
  local known
  known=$(parameter "$name" "${runs[0]%%=*}")
  [[ $known != "${runs[0]#*=}" ]] || return 0
  step "Telling stack $name what is live: ${runs[0]#*=}"
  aws cloudformation get-template --stack-name "$name" --query TemplateBody >"$scratch/deployed.yaml"
  deploy_stack "$name" "$scratch/deployed.yaml" "${runs[0]}"
}

what_next() {
  local email
  step 'Deployed'
  aws cloudformation describe-stacks --stack-name "$name" --query 'Stacks[0].Outputs[].[OutputKey, OutputValue]'
  step 'What is next'
  email=$(parameter "$name" NotificationEmail)
  [[ -z $email ]] || say "* Confirm the subscriptions that AWS has sent to $email, unless that is done."
  first_release
  some_work
  say "* Delete it all: infra/destroy.sh --name $name"
}

# calls CURL-OPTIONS: how the URL is called again and again.
calls() {
  say "* Call it, as long as you like: while sleep 0.1; do curl --silent --show-error --output /dev/null --write-out '%{http_code} %header{x-version}\n' $1$(output "$name" Url); done"
}

messages() {
  say "* Send something to consume: infra/send-messages.sh --name $name --count 3000 --rate 10"
}

# How a version gets into the pipeline.
first_release() {
  local type bucket
  type=$(parameter "$name" SourceType)
  case $type in
    S3)
      bucket=$(output "$name" SourceBucket)
      say "* Release what is committed:" \
        "git archive --format=zip --output target/source.zip HEAD && aws s3 cp target/source.zip s3://$bucket/$(parameter "$name" SourceObjectKey)"
      ;;
    Connection)
      connection_hint "$(parameter "$name" ConnectionArn)"
      say "* Release: push to branch $(parameter "$name" Branch) of $(parameter "$name" Repository)."
      ;;
    *) say "* Release: push to branch $(parameter "$name" Branch) of $(parameter "$name" Repository) ($type)." ;;
  esac
}

# connection_hint ARN: a new connection works only after a person has agreed in the console.
connection_hint() {
  local service=codeconnections status
  [[ $1 != *:codestar-connections:* ]] || service=codestar-connections
  status=$(aws "$service" get-connection --connection-arn "$1" --query Connection.ConnectionStatus || true)
  [[ $status == AVAILABLE ]] ||
    say "* The connection is ${status:-not to be read}: complete it in the console, Developer Tools, Settings, Connections. $1"
}

main "$@"
