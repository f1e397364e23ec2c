# shellcheck shell=bash
# Of the scripts are `name` and `example`, and what they read of `inspect`.
# shellcheck disable=SC2034,SC2154
# What deploy.sh, destroy.sh and send-messages.sh share: messages, prerequisites, what is deployed.
# Sourced by them, never run. For Bash 3.2, which macOS has, and later: there, what fails inside of $(...) ends it only
# with "|| exit", whatever set -e says.

export AWS_PAGER='' AWS_DEFAULT_OUTPUT=text

program=${0##*/}
problems=()
# What the script is at, for a message.
doing='looking at the prerequisites'

# The tag that deploy.sh gives its stacks, and they give what is in them; its value is the name.
readonly marker=canary-release

# How the scripts end after a message of their own; `ended` makes the codes of it that their help names.
readonly ends_failed=91 ends_misused=92 ends_missing=93

say() { printf '%s\n' "$*"; }

# step WHAT: a line that stands out among what the tools print.
step() {
  doing=$*
  printf '\n==> %s\n' "$doing"
}

# fail WHAT-IS-WRONG...: says it and ends. A line each.
fail() {
  printf '%s: %s\n' "$program" "$1" >&2
  shift
  [[ $# -eq 0 ]] || printf '  %s\n' "$@" >&2
  exit "$ends_failed"
}

# misused WHAT: the command line is wrong.
misused() {
  printf '%s: %s\nTry: infra/%s --help\n' "$program" "$1" "$program" >&2
  exit "$ends_misused"
}

# clean_up: what a script does however it ends.
clean_up() { :; }

# ended CODE: the code to end with. One that a tool left needs a message.
ended() {
  set +e
  clean_up
  case $1 in
    0 | 130 | 143) exit "$1" ;;
    "$ends_failed") exit 1 ;;
    "$ends_misused") exit 2 ;;
    "$ends_missing") exit 3 ;;
  esac
  printf '%s: failed, for the reason above (exit code %s), at: %s\n' "$program" "$1" "$doing" >&2
  exit 1
}

trap 'ended $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# help: the comment at the head of the script.
help() {
  sed -n '2,/^$/{s/^# \{0,1\}//;p;}' "infra/$program"
  exit 0
}

# value OPTION [VALUE]: the option must have one.
value() {
  [[ $# -ge 2 && -n $2 ]] || misused "$1 needs a value"
}

# The name is in the names of all resources. The same pattern as the parameter Name of the templates.
check_name() {
  [[ $1 =~ ^[a-z][a-z0-9]*(-[a-z0-9]+)*$ && ${#1} -ge 2 && ${#1} -le 20 ]] ||
    misused "--name $1 is not a name for the stack: 2 to 20 lower-case letters, digits and single hyphens between them, a letter first"
}

# problem WHAT HOW-TO-GET-IT: a prerequisite that is missing; all are told at once.
problem() {
  problems+=("$1"$'\n'"    $2")
}

stop_on_problems() {
  [[ ${#problems[@]} -gt 0 ]] || return 0
  printf '%s: nothing was changed, since a prerequisite is missing\n' "$program" >&2
  printf '  * %s\n' "${problems[@]}" >&2
  exit "$ends_missing"
}

# last_line TEXT: of an error of the AWS CLI, what it says.
last_line() {
  printf '%s' "${1##*$'\n'}"
}

# An AWS CLI, a Region, credentials. Sets AWS_REGION.
check_aws() {
  local version answer
  if ! command -v aws >/dev/null; then
    problem 'The AWS CLI is missing.' 'Install version 2: AWS CLI User Guide, "Installing or updating to the latest version of the AWS CLI".'
    return
  fi
  version=$(aws --version 2>&1)
  # Of version 1, what came before does not know codeconnections.
  if [[ ! $version =~ ^aws-cli/(2\.|1\.(3[3-9]|[4-9][0-9])\.) ]]; then
    problem "The AWS CLI is too old: version 2, or 1.33 and later, is needed; ${version%% *} is installed." \
      'Install version 2: AWS CLI User Guide, "Migration guide for the AWS CLI version 2".'
    return
  fi
  AWS_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
  [[ -n $AWS_REGION ]] ||
    problem 'No AWS Region is set.' 'For example: export AWS_REGION=eu-central-1'
  # Version 1 knows the Region by the other name only.
  export AWS_REGION AWS_DEFAULT_REGION=$AWS_REGION
  # Credentials can be checked without a Region of one's own.
  answer=$(AWS_REGION=${AWS_REGION:-us-east-1} aws sts get-caller-identity 2>&1) ||
    problem "There are no valid AWS credentials: $(last_line "$answer")" \
      'Sign in (aws configure sso, then aws sso login; or aws configure), choose a profile with AWS_PROFILE, and try: aws sts get-caller-identity'
}

# inspect STACK KIND...: sets status, empty if there is no such stack, protection (True or False), kind, of the template, and
# deployed, its parameters. Ends unless deploy.sh has made the stack, from a template of one of the kinds, or there is none.
inspect() {
  local stack=$1 answer tag its_name parent
  shift
  status='' protection='' kind='' deployed=''
  if ! answer=$(aws cloudformation describe-stacks --stack-name "$stack" --query "Stacks[0].[StackStatus,
    EnableTerminationProtection, Tags[?Key=='$marker'].Value | [0], Parameters[?ParameterKey=='Name'].ParameterValue | [0],
    ParentId]" 2>&1); then
    [[ $answer == *'does not exist'* ]] || fail "cannot look for stack $stack: $(last_line "$answer")"
    return 0
  fi
  IFS=$'\t' read -r status protection tag its_name parent <<<"$(last_line "$answer")"
  if [[ $status == REVIEW_IN_PROGRESS ]]; then
    inspect_change_sets "$stack"
    return
  fi
  [[ $tag == "$name" ]] || foreign "$stack" "it has no tag $marker=$name"
  [[ $its_name == "$name" ]] || foreign "$stack" "its parameter Name is ${its_name/#None/not there}"
  [[ $parent == None ]] || foreign "$stack" "it is part of stack $parent"
  inspect_template "$stack" "$@"
  deployed=$(aws cloudformation describe-stacks --stack-name "$stack" \
    --query 'Stacks[0].Parameters[].[ParameterKey, ParameterValue]') || exit
}

# inspect_template STACK KIND...: sets kind.
inspect_template() {
  local stack=$1 template
  shift
  template=$(aws cloudformation get-template --stack-name "$stack" --query TemplateBody) || exit
  for kind in "$@"; do
    if grep -q "$marker/$kind" <<<"$template"; then return; fi
  done
  foreign "$stack" "its template has no metadata CanaryRelease: $marker/$1"
}

# inspect_change_sets STACK: of one that is nothing but change sets that were never executed.
inspect_change_sets() {
  local change_set tag
  for change_set in $(aws cloudformation list-change-sets --stack-name "$1" --query 'Summaries[].ChangeSetName'); do
    [[ $change_set != None ]] || continue
    tag=$(aws cloudformation describe-change-set --stack-name "$1" --change-set-name "$change_set" \
      --query "Tags[?Key=='$marker'].Value | [0]") || exit
    [[ $tag == "$name" ]] || foreign "$1" "somebody has prepared to create it: change set $change_set has no tag $marker=$name"
  done
}

# foreign STACK WHY
foreign() {
  fail "stack $1 was not made by infra/deploy.sh, so nothing was touched: $2" \
    'Is it the right account, Region and --name? For a new example give a name that is free.'
}

# stack_status STACK: empty if there is none.
stack_status() {
  local answer
  if answer=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' 2>&1); then
    last_line "$answer"
  elif [[ $answer != *'does not exist'* ]]; then
    fail "cannot look for stack $1: $(last_line "$answer")"
  fi
}

# settled_status STACK: its status, once nothing is being done to it. What a killed run began goes on.
settled_status() {
  local status
  while true; do
    status=$(stack_status "$1") || exit
    [[ $status == *_IN_PROGRESS && $status != REVIEW_IN_PROGRESS ]] || break
    say "    stack $1 is $status; waiting" >&2
    sleep 15
  done
  say "$status"
}

# output STACK KEY
output() {
  local found
  found=$(aws cloudformation describe-stacks --stack-name "$1" \
    --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue | [0]") || exit
  [[ $found != None ]] || fail "stack $1 has no output $2"
  say "$found"
}

# parameter STACK KEY
parameter() {
  aws cloudformation describe-stacks --stack-name "$1" \
    --query "Stacks[0].Parameters[?ParameterKey=='$2'].ParameterValue | [0]"
}

# failed_events STACK: what went wrong, newest first; of its nested stacks too.
failed_events() {
  local failed="StackEvents[?ends_with(ResourceStatus, '_FAILED')"
  failed+=" && ResourceStatusReason != 'Resource creation cancelled'"
  aws cloudformation describe-stack-events --no-paginate --stack-name "$1" \
    --query "$failed].[Timestamp, LogicalResourceId, ResourceStatus, ResourceStatusReason]"
  local nested
  for nested in $(aws cloudformation describe-stack-events --no-paginate --stack-name "$1" \
    --query "$failed && ResourceType == 'AWS::CloudFormation::Stack' && PhysicalResourceId != StackId].PhysicalResourceId" |
    tr '\t' '\n' | sort -u); do
    [[ $nested != arn:* ]] || failed_events "$nested"
  done
}

# last_release: "RELEASE PHASE" of the pair's record, tab-separated; None for what there is not, nothing without the table.
last_release() {
  local answer
  if answer=$(aws dynamodb get-item --table-name "$name-releases" --consistent-read \
    --key "{\"pair\": {\"S\": \"$(pair)\"}, \"item\": {\"S\": \"current\"}}" \
    --query 'Item.[release.S, phase.M.name.S]' 2>&1); then
    last_line "$answer"
  elif [[ $answer != *ResourceNotFoundException* ]]; then
    fail "cannot read the record of releases in table $name-releases: $(last_line "$answer")"
  fi
}

# release_in_progress: "RELEASE, phase PHASE" of the release that has the pair, or of one that has only just entered the
# stage and has no record yet; empty if there is none.
release_in_progress() {
  local answer release phase status execution
  answer=$(last_release) || exit
  read -r release phase <<<"$answer"
  case ${phase:-None} in
    None | Promoted | RolledBack) ;;
    *)
      say "$release, phase $phase"
      return
      ;;
  esac
  answer=$(pipeline_stage) || exit
  IFS=$'\t' read -r _ status execution _ <<<"$answer"
  [[ $status != InProgress && $status != Stopping ]] || say "$execution, stage Canary $status"
}

# pair: what releases the records of the example are about.
pair() {
  if [[ $example == lambda ]]; then say "lambda/$name:live"; else say "$name/$name"; fi
}

# pipeline_stage: "DOOR STATUS EXECUTION REASON" of stage Canary, tab-separated, None for what there is not; nothing without
# the pipeline.
pipeline_stage() {
  local answer
  if answer=$(aws codepipeline get-pipeline-state --name "$name-release" --query "stageStates[?stageName=='Canary'] | [0].[
    inboundTransitionState.enabled, latestExecution.status, latestExecution.pipelineExecutionId,
    inboundTransitionState.disabledReason]" 2>&1); then
    last_line "$answer"
  elif [[ $answer != *PipelineNotFoundException* ]]; then
    fail "cannot look at pipeline $name-release: $(last_line "$answer")"
  fi
}
