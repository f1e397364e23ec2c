# shellcheck shell=bash
# What deploy.sh, destroy.sh and send-messages.sh share: messages, prerequisites, what is deployed.
# Sourced by them, never run. For Bash 3.2, which macOS has, and later: there, what fails inside of $(...) ends it only
# with "|| exit", whatever set -e says.

export AWS_PAGER='' AWS_DEFAULT_OUTPUT=text

program=${0##*/}
problems=()

say() { printf '%s\n' "$*"; }

# step WHAT: a line that stands out among what the tools print.
step() { printf '\n==> %s\n' "$*"; }

# fail WHAT-IS-WRONG...: says it and ends. A line each.
fail() {
  printf '%s: %s\n' "$program" "$1" >&2
  shift
  [[ $# -eq 0 ]] || printf '  %s\n' "$@" >&2
  exit 1
}

# misused WHAT: the command line is wrong.
misused() {
  printf '%s: %s\nTry: infra/%s --help\n' "$program" "$1" "$program" >&2
  exit 2
}

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
  exit 3
}

# last_line TEXT: of an error of the AWS CLI, what it says.
last_line() {
  printf '%s' "${1##*$'\n'}"
}

# AWS CLI version 2, a Region, credentials. Sets AWS_REGION.
check_aws() {
  local version answer
  if ! command -v aws >/dev/null; then
    problem 'The AWS CLI is missing.' 'Install version 2: AWS CLI User Guide, "Installing or updating to the latest version of the AWS CLI".'
    return
  fi
  version=$(aws --version 2>&1)
  if [[ $version != aws-cli/2.* ]]; then
    problem "The AWS CLI is too old: version 2 is needed, ${version%% *} is installed." \
      'Install version 2: AWS CLI User Guide, "Migration guide for the AWS CLI version 2".'
    return
  fi
  AWS_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
  [[ -n $AWS_REGION ]] ||
    problem 'No AWS Region is set.' 'For example: export AWS_REGION=eu-central-1'
  export AWS_REGION
  # Credentials can be checked without a Region of one's own.
  answer=$(AWS_REGION=${AWS_REGION:-us-east-1} aws sts get-caller-identity 2>&1) ||
    problem "There are no valid AWS credentials: $(last_line "$answer")" \
      'Sign in (aws configure sso, then aws sso login; or aws configure), choose a profile with AWS_PROFILE, and try: aws sts get-caller-identity'
}

# stack_status STACK: empty if there is none, or one that only a change set was made for.
stack_status() {
  local answer
  if answer=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' 2>&1); then
    answer=$(last_line "$answer")
    [[ $answer == REVIEW_IN_PROGRESS ]] || say "$answer"
  elif [[ $answer != *'does not exist'* ]]; then
    fail "cannot look for stack $1: $(last_line "$answer")"
  fi
}

# settled_status STACK: its status, once nothing is being done to it. What a killed run began goes on.
settled_status() {
  local status
  while true; do
    status=$(stack_status "$1") || exit
    [[ $status == *_IN_PROGRESS ]] || break
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

# release_in_progress NAME: "RELEASE, phase PHASE" of the release that has the pair; empty if none has.
release_in_progress() {
  local answer release phase
  if ! answer=$(aws dynamodb get-item --table-name "$1-releases" --consistent-read \
    --key "{\"pair\": {\"S\": \"$1/$1\"}, \"item\": {\"S\": \"current\"}}" \
    --query 'Item.[release.S, phase.M.name.S]' 2>&1); then
    [[ $answer != *ResourceNotFoundException* ]] || return 0
    fail "cannot read the record of releases in table $1-releases: $(last_line "$answer")"
  fi
  read -r release phase <<<"$(last_line "$answer")"
  case ${phase:-None} in
    None | Promoted | RolledBack) ;;
    *) say "$release, phase $phase" ;;
  esac
}
