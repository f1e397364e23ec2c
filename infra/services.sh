# shellcheck shell=bash
# Of the examples with two ECS services: the image they begin with, and the one that is live.
# Sourced by deploy.sh, never run. Of deploy.sh are `name`, `root` and `scratch`, of lib.sh the rest; `own` and `runs` are for it.
# shellcheck disable=SC2034,SC2154

# The parameters of the root template that say what runs.
own=(Image)

# Sets certificates: the bundle of this machine.
check_for_first() {
  local file
  check_for_commit
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

# ECS makes its service-linked role with an account's first cluster and then often cannot assume it yet, which fails the
# stack (aws-cloudformation/cloudformation-coverage-roadmap#818). Made here, it is ready when the functions are built.
before_first() {
  local answer
  answer=$(aws iam get-role --role-name AWSServiceRoleForECS 2>&1) || [[ $answer != *NoSuchEntity* ]] ||
    aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com --query Role.Arn
}

# The image of the sample application, by digest. Built unless an earlier run has pushed it.
first_version() {
  local tag repository digest image
  # The pipeline's own tag of a commit stays free.
  tag=$(commit) || exit
  tag=first-$tag
  repository=$(output "$name-artifacts" RepositoryUri)
  digest=$(pushed_digest "$tag")
  if [[ -z $digest ]]; then
    cargo lambda build --profile service --locked --target aarch64-unknown-linux-musl --package sample-app --bin sample-app
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
  runs=("Image=$image")
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

# The image that the primary runs.
live_version() {
  local image canary
  image=$(service_image "$name")
  canary=$(service_image "$name-canary")
  [[ $image == "$canary" ]] || fail 'the two services run different images although no release is in progress' \
    "$name: $image" "$name-canary: $canary" \
    'An update would set both to one image. Release the wanted image through the pipeline, or put the canary service right by hand.'
  check_image "what service $name runs" "$image"
  runs=("Image=$image")
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

some_work() {
  if [[ $root == http.yaml ]]; then calls ''; else messages; fi
}
