#!/usr/bin/env bash
# Creates or updates the whole example on AWS: a queue, its consumer as two ECS services, the four functions, and the
# pipeline that releases new versions of the consumer as canaries. Or the HTTP example, whose two services are behind a load
# balancer.
#
#   infra/deploy.sh [--name NAME] [--http] [--parameter KEY=VALUE]...
#
#   --name NAME            of the stack, and in the names of its resources: 2 to 20 lower-case letters, digits and
#                          hyphens, a letter first. Default: orders
#   --http                 the HTTP example; at every update of it, too
#   --parameter KEY=VALUE  a parameter of infra/main.yaml, with --http of infra/http.yaml, for example
#                          NotificationEmail=you@example.com; as often as needed. An update keeps the values of all that
#                          are not given, whatever their default is now.
#   --help                 this text
#
# Needs: AWS CLI version 2 (or 1.33 and later) with credentials that may create IAM roles, and a Region; git; Rust with rustup; cargo-lambda;
# for the first deployment also Docker, running. The first deployment takes about 20 minutes.
#
# Creates: stack NAME-artifacts (image repository, bucket for deployment packages) and stack NAME with its nested stacks;
# in a new account also the service-linked roles of ECS, its scaling and load balancers, which are the account's and stay.
# Costs: the Fargate tasks run all the time, three by default, and so does a load balancer; infra/docs/costs.md has the amounts.
# Ended half-way, by an error or by Ctrl-C, it can be run again and goes on.
#
# Before anything is created or built it looks whether the parameters fit each other, and whether a stack of these names is
# there that it has not made (without the tag canary-release=NAME, or of another template): of those it touches none.
#
# Releases are the pipeline's: an update passes the image that the primary service runs at this moment as parameter Image,
# so that it never undoes one. Before anything else the stack alone is told that image, so that an update that fails goes
# back to what is live, too; the services then start their tasks anew, with the same image. While a release is in progress
# nothing is updated, and while an update is in progress the pipeline's stage Canary lets no execution in. The weights of a
# load balancer's rule are the releases' as well: unless they are at rest, as the template has them, nothing is updated.
# A change of the stack by any other way than this script has to do the same.
#
# Examples:
#   infra/deploy.sh --parameter NotificationEmail=you@example.com
#   infra/deploy.sh --name shop --http
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
  root=main.yaml
  example=queue
  parameters=()
  local given
  while [[ $# -gt 0 ]]; do
    case $1 in
      --name) value "$@"; name=$2; shift 2 ;;
      --http) root=http.yaml; example=http; shift ;;
      --parameter) value "$@"; parameters+=("$2"); shift 2 ;;
      --help | -h) help ;;
      *) misused "unknown option $1" ;;
    esac
  done
  check_name "$name"
  [[ $root != http.yaml || $name != internal-* ]] || misused "--name $name would be the load balancer's name too, which must not begin with internal-"
  read_template "infra/$root"
  for given in ${parameters[@]+"${parameters[@]}"}; do check_parameter "$given"; done
  scratch=$(mktemp -d)
  check_aws
  [[ ${#problems[@]} -gt 0 ]] || check_stacks
  check_prerequisites

  if [[ -n $status ]]; then
    refuse_during_release
  else
    ecs_role
  fi
  step "Stack $name-artifacts: image repository and bucket"
  deploy_stack "$name-artifacts" infra/artifacts.yaml "Name=$name"
  packages=$(output "$name-artifacts" PackageBucket)
  step 'Building the functions'
  cargo lambda build --release --locked --arm64 --output-format zip "${functions[@]/#/--package=}"
  if [[ -z $status ]]; then
    first_image
  else
    close_door
    refuse_during_release
    refuse_moved_weights
    live_image
    tell_live_image
  fi
  step "Stack $name: everything else"
  aws cloudformation package --template-file "infra/$root" --output-template-file "$scratch/$root" \
    --s3-bucket "$packages" >"$scratch/package.log"
  deploy_stack "$name" "$scratch/$root" "Name=$name" "Image=$image" ${parameters[@]+"${parameters[@]}"}
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

# check_parameter KEY=VALUE. The AWS CLI passes over a key that the template does not have.
check_parameter() {
  local key=${1%%=*} known
  [[ $1 == ?*=* ]] || misused "--parameter $1 is not of the form KEY=VALUE"
  [[ $key != Name ]] || misused '--parameter Name is given as --name'
  [[ $key != Image ]] || misused '--parameter Image is not for people: the image that runs now stays, releases are made by the pipeline'
  known=$(declared_keys)
  grep -qx "$key" <<<"$known" ||
    misused "--parameter $key is not a parameter of infra/$root, which has: $(grep -vxE 'Name|Image' <<<"$known" | tr '\n' ' ')"
}

# Whose the stacks are, and whether the parameters fit. Sets status and deployed, of stack NAME; empty if it is to be created.
check_stacks() {
  inspect "$name-artifacts" artifacts
  inspect "$name" queue http
  [[ -z $kind || $kind == "$example" ]] || fail "stack $name is the other example, not that of infra/$root" \
    'The option --http says which example is meant, at every update too. For both, give one of them another --name.'
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
  [[ -n $status ]] || check_for_first_image
  stop_on_problems
}

# Sets certificates: the bundle of this machine.
check_for_first_image() {
  local file
  if ! command -v git >/dev/null; then
    problem 'git is missing; the first image is named by the commit.' 'Install it with your package manager.'
  elif ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    problem 'This is not a git repository with a commit; the first image is named by the commit.' \
      'Clone it with git, or: git init, git add ., git commit'
  fi
  if ! command -v docker >/dev/null; then
    problem 'Docker is missing; the first deployment builds the first image.' 'Install Docker Engine or Docker Desktop.'
  elif ! docker info >/dev/null 2>&1; then
    problem 'Docker is installed, but its daemon does not answer; the first deployment builds the first image.' \
      'Start it (sudo systemctl start docker, or Docker Desktop), and try: docker info'
  fi
  certificates=''
  for file in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    [[ -n $certificates || ! -s $file ]] || certificates=$file
  done
  [[ -n $certificates ]] ||
    problem 'There is no bundle of CA certificates; the first image contains one.' \
      'Install the package ca-certificates, or set SSL_CERT_FILE.'
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

# ECS makes its service-linked role with an account's first cluster and then often cannot assume it yet, which fails the
# stack (aws-cloudformation/cloudformation-coverage-roadmap#818). Made here, it is ready when the functions are built.
ecs_role() {
  local answer
  answer=$(aws iam get-role --role-name AWSServiceRoleForECS 2>&1) || [[ $answer != *NoSuchEntity* ]] ||
    aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com --query Role.Arn
}

# The image of the sample application, by digest, as image. Built unless an earlier run has pushed it.
first_image() {
  local changed tag repository digest
  step 'The first image'
  changed=$(git status --porcelain -- sample-app Cargo.toml Cargo.lock)
  [[ -z $changed ]] || fail 'the sample application has changes that are not committed, and its image is named by the commit' \
    'Commit or stash:' "$changed"
  # The pipeline's own tag of a commit stays free.
  tag=first-$(git rev-parse HEAD)
  repository=$(output "$name-artifacts" RepositoryUri)
  digest=$(pushed_digest "$tag")
  if [[ -z $digest ]]; then
    cargo lambda build --profile service --locked --target aarch64-unknown-linux-musl --package sample-app
    mkdir -p "$scratch/image/tmp"
    cp target/lambda/sample-app/bootstrap "$scratch/image/sample-app"
    cp -L "$certificates" "$scratch/image/ca-certificates.crt"
    # No attestations: the digest is the image's own, not that of an index.
    BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --platform linux/arm64 --file sample-app/Dockerfile \
      --build-arg "APP_VERSION=$tag" --tag "$repository:$tag" "$scratch/image"
    aws ecr get-login-password | docker login --username AWS --password-stdin "${repository%%/*}"
    docker push "$repository:$tag"
    digest=$(pushed_digest "$tag")
    [[ -n $digest ]] || fail "image $repository:$tag was pushed, but the repository does not have it"
  fi
  image=$repository@$digest
  check_image "image $repository:$tag" "$image"
  say "$image"
}

# pushed_digest TAG: empty if there is no such image.
pushed_digest() {
  local answer
  if answer=$(aws ecr describe-images --repository-name "$name" --image-ids "imageTag=$1" \
    --query 'imageDetails[0].imageDigest' 2>&1); then
    last_line "$answer"
  elif [[ $answer != *ImageNotFoundException* ]]; then
    fail "cannot look into image repository $name: $(last_line "$answer")"
  fi
}

refuse_during_release() {
  local release
  release=$(release_in_progress) || exit
  [[ -z $release ]] || fail "a release is in progress, and an update of the stack would interfere: $release" \
    "Wait until it is promoted or rolled back (pipeline $name-release). To end it, reject its approval, or:" \
    "aws lambda invoke --function-name $name-rollback --cli-binary-format raw-in-base64-out --payload '{\"release\": \"${release%%,*}\", \"reason\": \"...\"}' out.json"
}

# refuse_moved_weights: without a release only a person can have moved them, and an update might move them back.
refuse_moved_weights() {
  local rule primary canary weights to_primary to_canary
  [[ $root == http.yaml ]] || return 0
  rule=$(output "$name" ListenerRuleArn)
  primary=$(output "$name" PrimaryTargetGroupArn)
  canary=$(output "$name" CanaryTargetGroupArn)
  weights=$(aws elbv2 describe-rules --rule-arns "$rule" --query "Rules[0].Actions[?Type=='forward'] | [0].[
    ForwardConfig.TargetGroups[?TargetGroupArn=='$primary'] | [0].Weight,
    ForwardConfig.TargetGroups[?TargetGroupArn=='$canary'] | [0].Weight]")
  read -r to_primary to_canary <<<"$weights"
  [[ $to_primary == 100 && $to_canary == 0 ]] || fail \
    'the weights of the load balancer are not at rest although no release is in progress' \
    "primary: $to_primary, canary: $to_canary; at rest 100 and 0" "rule: $rule" \
    'An update could set them back at any moment. Look who has moved them, and when the primary can take all requests:' \
    "aws elbv2 modify-rule --rule-arn $rule --actions 'Type=forward,ForwardConfig={TargetGroups=[{TargetGroupArn=$primary,Weight=100},{TargetGroupArn=$canary,Weight=0}]}'"
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

# The image that the primary runs, as image.
live_image() {
  local canary
  image=$(service_image "$name")
  canary=$(service_image "$name-canary")
  [[ $image == "$canary" ]] || fail 'the two services run different images although no release is in progress' \
    "$name: $image" "$name-canary: $canary" \
    'An update would set both to one image. Release the wanted image through the pipeline, or put the canary service right by hand.'
  check_image "what service $name runs" "$image"
}

# check_image WHAT IMAGE: the stack takes one by digest, since a tag may mean another image tomorrow.
check_image() {
  [[ $2 =~ ^[^@[:space:]]+@sha256:[0-9a-f]{64}$ ]] || fail "$1 is not an image by digest: $2" \
    'Allowed is REPOSITORY@sha256: and 64 hexadecimal digits. Release it by digest through the pipeline, and run this again.'
}

# service_image SERVICE: the image of container app.
service_image() {
  local definition image
  definition=$(aws ecs describe-services --cluster "$name" --services "$1" \
    --query "services[?status=='ACTIVE'] | [0].taskDefinition") || exit
  [[ $definition != None ]] || fail "cluster $name has no active service $1, although stack $name is there" \
    'It was deleted by hand. infra/destroy.sh and infra/deploy.sh make everything anew.'
  image=$(aws ecs describe-task-definition --task-definition "$definition" \
    --query "taskDefinition.containerDefinitions[?name=='app'] | [0].image") || exit
  [[ $image != None ]] || fail "task definition $definition of service $1 has no container app"
  say "$image"
}

# Updates nothing but the stack's own idea of the image: an update that fails goes back to what the stack knew before.
tell_live_image() {
  local known
  known=$(parameter "$name" Image)
  [[ $known != "$image" ]] || return 0
  step "Telling stack $name which image is live: $image"
  aws cloudformation get-template --stack-name "$name" --query TemplateBody >"$scratch/deployed.yaml"
  deploy_stack "$name" "$scratch/deployed.yaml" "Image=$image"
}

what_next() {
  local email
  step 'Deployed'
  aws cloudformation describe-stacks --stack-name "$name" --query 'Stacks[0].Outputs[].[OutputKey, OutputValue]'
  step 'What is next'
  email=$(parameter "$name" NotificationEmail)
  [[ -z $email ]] || say "* Confirm the subscriptions that AWS has sent to $email, unless that is done."
  first_release
  if [[ $root == http.yaml ]]; then
    say "* Call it, as long as you like: while sleep 0.1; do curl --silent --show-error --output /dev/null --write-out '%{http_code} %header{x-version}\n' $(output "$name" Url); done"
  else
    say "* Send something to consume: infra/send-messages.sh --name $name --count 3000 --rate 10"
  fi
  say "* Delete it all: infra/destroy.sh --name $name"
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
