//! What is granted and no scenario uses, and why it is granted all the same.

pub(in crate::roles) const LAMBDA_LOGS: &str = "Lambda itself writes what a function prints";
const FARGATE: &str =
    "Fargate pulls the image and writes the log before and around the application";
const BUILD: &str = "nobody builds here: the script plays what buildspec.yml does";
const VALIDATE: &str = "nobody tests here: the script plays a test that passes";
const SOURCE: &str = "the stories push to S3, not to this kind of source";

pub(in crate::roles) const JUDGED: &[&str] = &[
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:ListAlarmMuteRules",
];
pub(in crate::roles) const FIRST_STATE: &[&str] = &["cloudwatch:DescribeAlarmHistory"];
pub(in crate::roles) const IN_ALARM: &str = "it is asked only where an alarm is in ALARM as it looks, whether that is muted, and for want of data, whether it \
                        is its first state; no release of these meets one";

const BY_DIGEST: &str =
    "the images of these stories are named by digest, which nobody has to look up";

const PROTECTED: &str = "only where tasks stay that their service does not want; no task of these is protected from scale-in";
const PROTECTION: &[&str] = &["ecs:GetTaskProtection"];
const LEFT_OVER: &[&str] = &["ecs:GetTaskProtection", "ecs:StopTask"];

/// What no scenario uses: role, actions, why it is granted all the same.
pub(in crate::roles) type Excuse = (&'static str, &'static [&'static str], &'static str);

/// Where a target names alarms.
pub(in crate::roles) const AS_IT_BEGINS: Excuse = ("DeployCanaryRole", JUDGED, IN_ALARM);

/// Of every model.
pub(in crate::roles) const OF_ALL: [Excuse; 6] = [
    ("DeployCanaryRole", LOGS, LAMBDA_LOGS),
    ("ShiftWeightRole", LOGS, LAMBDA_LOGS),
    ("PromotePrimaryRole", LOGS, LAMBDA_LOGS),
    ("RollbackRole", LOGS, LAMBDA_LOGS),
    (
        "BuildRole",
        &[
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "s3:GetBucketAcl",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
        ],
        BUILD,
    ),
    (
        "PipelineRole",
        &["lambda:ListFunctions"],
        "CodePipeline's user guide asks for it and does not say when it is used",
    ),
];

pub(in crate::roles) const HANDS_BACK: Excuse = (
    "TaskRole",
    &["sqs:ChangeMessageVisibility"],
    "the sample application hands back what it has not begun when it is stopped; the stories' \
     consumers hold nothing longer than an instant",
);

/// Of what runs as tasks.
pub(in crate::roles) const OF_TASKS: [Excuse; 3] = [
    ("DeployCanaryRole", &["ecr:DescribeImages"], BY_DIGEST),
    (
        "ExecutionRole",
        &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
        FARGATE,
    ),
    (
        "BuildRole",
        &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:DescribeImages",
            "ecr:GetAuthorizationToken",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ],
        BUILD,
    ),
];

/// Of two services, beside [`OF_TASKS`].
pub(in crate::roles) const OF_PAIRS: [Excuse; 11] = [
    AS_IT_BEGINS,
    HANDS_BACK,
    ("DeployCanaryRole", PROTECTION, PROTECTED),
    ("PromotePrimaryRole", PROTECTION, PROTECTED),
    ("RollbackRole", LEFT_OVER, PROTECTED),
    ("ShiftWeightRole", FIRST_STATE, IN_ALARM),
    ("PromotePrimaryRole", JUDGED, IN_ALARM),
    ("RollbackRole", FIRST_STATE, IN_ALARM),
    (
        "ValidateRole",
        &[
            "ecs:DescribeServices",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "sqs:SendMessage",
        ],
        VALIDATE,
    ),
    (
        "PipelineRole",
        &[
            "codeconnections:UseConnection",
            "codestar-connections:UseConnection",
            "s3:PutObjectAcl",
        ],
        SOURCE,
    ),
    (
        "PipelineRole",
        &[
            "codecommit:CancelUploadArchive",
            "codecommit:GetBranch",
            "codecommit:GetCommit",
            "codecommit:GetUploadArchiveStatus",
            "codecommit:UploadArchive",
        ],
        SOURCE,
    ),
];

pub(in crate::roles) const LOGS: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];
