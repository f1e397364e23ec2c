//! What AWS's own SDK makes of the account's answers.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

mod task_sets;

use std::{collections::HashMap, time::Duration};

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{
        AlarmMuteRuleStatus, AlarmType, ComparisonOperator, Dimension, HistoryItemType, Metric,
        MetricDataQuery, MetricDatum, MetricStat, MuteTargets, Rule, ScanBy, Schedule, StateValue,
        Statistic, StatusCode,
    },
};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::{error::metadata::ProvideErrorMetadata, timeout::TimeoutConfig};
use rehearsal_core::{
    clock::Moment,
    wire::{Account, Interference, NEVER_ANSWERED},
    world::{
        Fault, Identity, World, cloudwatch, dynamodb,
        journal::{Call, What},
        s3, sns, sqs,
    },
};
use serde_json::{Map, Value, json};
use tokio::{sync::mpsc::unbounded_channel, time::Instant};

use crate::connector::{REGION, client, config};

const JOB: &str = "00000000-0000-4000-8000-000000000001";

fn account() -> Account {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
    };
    let mut world = World::new(identity, Moment(1_790_960_680_000), 1);
    dynamodb::create_table(&mut world, "releases", "pair", Some("item")).unwrap();
    let account = Account::new(world, unbounded_channel().0);
    account.with(|world| {
        world.s3.create_bucket("artifacts");
        let key = "orders/Build Out/images.zip";
        s3::put(world, "artifacts", key, b"zip".to_vec()).unwrap();
    });
    account
}

/// From now on every call is refused with this.
fn refuse(account: &Account, code: &str, status: u16) {
    let fault = Fault::with_status(code, "because", status);
    account.set_interference(Box::new(move |_| Interference::Refuse(fault.clone())));
}

/// A queue named `orders`, by its URL.
fn queue(account: &Account, attributes: &Value) -> String {
    let attributes = attributes.as_object().unwrap();
    account.with(|world| sqs::create_queue(world, "orders", attributes).unwrap())
}

fn calls(account: &Account) -> Vec<Call> {
    account.with(|world| {
        let whats = world.journal.iter().map(|entry| entry.what.clone());
        whats
            .filter_map(|what| match what {
                What::Called(call) => Some(call),
                _ => None,
            })
            .collect()
    })
}

/// `deploy-canary ecs:DescribeServices ServiceNotFoundException`
fn lines(account: &Account) -> Vec<String> {
    let calls = calls(account).into_iter();
    calls
        .map(|call| {
            let fault = call.fault.unwrap_or_else(|| "ok".to_owned());
            let Call {
                principal,
                service,
                operation,
                ..
            } = call;
            format!("{} {service}:{operation} {fault}", principal.0)
        })
        .collect()
}

fn code<E: ProvideErrorMetadata + std::fmt::Debug, T: std::fmt::Debug>(
    result: Result<T, E>,
) -> String {
    let error = result.unwrap_err();
    error
        .code()
        .map_or_else(|| format!("{error:?}"), str::to_owned)
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: &str) -> AttributeValue {
    AttributeValue::N(value.to_owned())
}

fn put(item: &str, revision: &str) -> Put {
    Put::builder()
        .table_name("releases")
        .item("pair", text("orders/orders"))
        .item("item", text(item))
        .item("revision", number(revision))
        .condition_expression("attribute_not_exists(pair)")
        .build()
        .unwrap()
}

fn update(item: &str, from: &str, to: &str) -> Update {
    Update::builder()
        .table_name("releases")
        .key("pair", text("orders/orders"))
        .key("item", text(item))
        .update_expression("SET revision = :to")
        .condition_expression("revision = :from")
        .expression_attribute_values(":from", number(from))
        .expression_attribute_values(":to", number(to))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_service_s_faults_arrive_under_their_names() {
    let account = account();

    refuse(&account, "ClusterNotFoundException", 400);
    let ecs = client!(aws_sdk_ecs, account, "deploy-canary");
    let result = ecs.describe_services().services("orders").send().await;
    assert!(result.as_ref().is_err_and(|error| {
        let error = error.as_service_error();
        error.is_some_and(aws_sdk_ecs::operation::describe_services::DescribeServicesError::is_cluster_not_found_exception)
    }));
    assert_eq!(code(result), "ClusterNotFoundException");

    refuse(&account, "JobNotFoundException", 400);
    let codepipeline = client!(aws_sdk_codepipeline, account, "shift-weight");
    let result = codepipeline
        .put_job_success_result()
        .job_id(JOB)
        .send()
        .await;
    assert_eq!(result.as_ref().unwrap_err().message(), Some("because"));
    assert_eq!(code(result), "JobNotFoundException");

    refuse(&account, "QueueDoesNotExist", 400);
    let sqs = client!(aws_sdk_sqs, account, "task");
    let result = sqs.receive_message().queue_url("q").send().await;
    assert!(result.as_ref().is_err_and(|error| {
        let error = error.as_service_error();
        error.is_some_and(
            aws_sdk_sqs::operation::receive_message::ReceiveMessageError::is_queue_does_not_exist,
        )
    }));
    assert_eq!(code(result), "AWS.SimpleQueueService.NonExistentQueue");

    refuse(&account, "ResourceNotFound", 404);
    let cloudwatch = client!(aws_sdk_cloudwatch, account, "rollback");
    let state = cloudwatch.set_alarm_state().alarm_name("a");
    let result = state
        .state_value(StateValue::Alarm)
        .state_reason("drill")
        .send()
        .await;
    assert_eq!(result.as_ref().unwrap_err().message(), Some("because"));
    assert_eq!(code(result), "ResourceNotFound");

    refuse(&account, "ObjectNotFoundException", 400);
    let scaling = client!(aws_sdk_applicationautoscaling, account, "promote-primary");
    let result = scaling
        .deregister_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id("service/orders/orders")
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .send()
        .await;
    assert_eq!(code(result), "ObjectNotFoundException");

    refuse(&account, "ResourceNotFoundException", 400);
    let dynamodb = client!(aws_sdk_dynamodb, account, "rollback");
    let key = HashMap::from([("pair".to_owned(), text("p"))]);
    let result = dynamodb
        .get_item()
        .table_name("t")
        .set_key(Some(key))
        .send();
    assert_eq!(code(result.await), "ResourceNotFoundException");

    refuse(&account, "AccessDenied", 403);
    let s3 = client!(aws_sdk_s3, account, "pipeline-job");
    let result = s3.get_object().bucket("artifacts").key("k").send().await;
    assert_eq!(result.as_ref().unwrap_err().message(), Some("because"));
    assert_eq!(code(result), "AccessDenied");

    assert_eq!(
        lines(&account),
        [
            "deploy-canary ecs:DescribeServices ClusterNotFoundException",
            "shift-weight codepipeline:PutJobSuccessResult JobNotFoundException",
            "task sqs:ReceiveMessage QueueDoesNotExist",
            "rollback monitoring:SetAlarmState ResourceNotFound",
            "promote-primary application-autoscaling:DeregisterScalableTarget \
             ObjectNotFoundException",
            "rollback dynamodb:GetItem ResourceNotFoundException",
            "pipeline-job s3:GetObject AccessDenied",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_metric_arrives_through_cbor_as_it_was_sent() {
    let account = account();
    let cloudwatch = client!(aws_sdk_cloudwatch, account, "task");
    let datum = MetricDatum::builder()
        .metric_name("Processed")
        .timestamp(DateTime::from_millis(1_790_960_680_500))
        .value(3.0)
        .storage_resolution(1)
        .build();
    // Refused, so that it does not matter what the service would make of it.
    refuse(&account, "InvalidParameterValueException", 400);
    let sent = cloudwatch.put_metric_data().namespace("Orders");
    let result = sent.metric_data(datum).send().await;
    assert_eq!(code(result), "InvalidParameterValue");
    assert_eq!(
        calls(&account)[0].input,
        json!({
            "Namespace": "Orders",
            "MetricData": [{
                "MetricName": "Processed",
                "Timestamp": 1_790_960_680.5,
                "Value": 3.0,
                "StorageResolution": 1,
            }],
        })
    );
}

#[tokio::test(start_paused = true)]
async fn an_input_that_aws_would_refuse_is_refused() {
    let account = account();
    let codepipeline = client!(aws_sdk_codepipeline, account, "shift-weight");
    let result = codepipeline
        .put_job_success_result()
        .job_id("job")
        .send()
        .await;
    let message = result.as_ref().unwrap_err().message().unwrap_or_default();
    assert!(message.contains("'jobId'"), "{message}");
    assert_eq!(code(result), "ValidationException");
}

#[tokio::test(start_paused = true)]
async fn a_transaction_whose_condition_fails_says_which() {
    let account = account();
    let dynamodb = client!(aws_sdk_dynamodb, account, "deploy-canary");
    let write = |items: Vec<TransactWriteItem>| {
        let call = dynamodb.transact_write_items();
        call.set_transact_items(Some(items)).send()
    };
    let put = |item, revision| {
        TransactWriteItem::builder()
            .put(put(item, revision))
            .build()
    };
    let update = |from, to| {
        let update = update("current", from, to);
        TransactWriteItem::builder().update(update).build()
    };
    write(vec![put("current", "1"), put("ledger-1", "1")])
        .await
        .unwrap();
    write(vec![update("1", "2"), put("ledger-2", "2")])
        .await
        .unwrap();

    let result = write(vec![put("ledger-3", "2"), update("1", "2")]).await;
    let error = result.unwrap_err().into_service_error();
    let canceled = match &error {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) => canceled,
        other => panic!("{other:?}"),
    };
    let reasons = canceled.cancellation_reasons().iter();
    let codes: Vec<_> = reasons.filter_map(|reason| reason.code()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);

    let items = dynamodb
        .query()
        .table_name("releases")
        .key_condition_expression("pair = :pair")
        .expression_attribute_values(":pair", text("orders/orders"))
        .consistent_read(true)
        .send()
        .await
        .unwrap();
    assert_eq!(items.count(), 3);
    assert_eq!(items.items()[0]["revision"], number("2"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_got_lost_does_not_write_twice() {
    let account = account();
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(2));
    let config = config!(aws_sdk_dynamodb, account, "rollback").timeout_config(timeouts.build());
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
    let mut attempts = 0;
    account.set_interference(Box::new(move |_| {
        attempts += 1;
        if attempts == 1 {
            Interference::CarryOutAndHang
        } else {
            Interference::None
        }
    }));
    let item = TransactWriteItem::builder()
        .put(put("current", "1"))
        .build();
    let result = dynamodb.transact_write_items().transact_items(item);
    result.send().await.unwrap();
    assert_eq!(
        lines(&account),
        ["rollback dynamodb:TransactWriteItems ok"; 2]
    );
}

#[tokio::test(start_paused = true)]
async fn an_object_is_fetched_and_its_absence_has_a_name() {
    let account = account();
    let s3 = client!(aws_sdk_s3, account, "pipeline-job");
    let get = |bucket, key| s3.get_object().bucket(bucket).key(key).send();
    let found = get("artifacts", "orders/Build Out/images.zip")
        .await
        .unwrap();
    assert_eq!(found.content_length(), Some(3));
    let body = found.body.collect().await.unwrap().into_bytes();
    assert_eq!(&body[..], b"zip");

    let missing = get("artifacts", "other").await;
    assert!(missing.as_ref().is_err_and(|error| {
        let error = error.as_service_error();
        error.is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key)
    }));
    assert_eq!(code(missing), "NoSuchKey");
    assert_eq!(code(get("elsewhere", "other").await), "NoSuchBucket");
    assert_eq!(
        code(s3.list_objects_v2().bucket("artifacts").send().await),
        "NotImplemented"
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_tried_again_by_the_sdk() {
    let account = account();
    let mut attempts = 0;
    account.set_interference(Box::new(move |_| {
        attempts += 1;
        if attempts < 3 {
            Interference::Refuse(Fault::new("ThrottlingException", "Rate exceeded"))
        } else {
            Interference::None
        }
    }));
    let dynamodb = client!(aws_sdk_dynamodb, account, "rollback");
    let found = dynamodb
        .get_item()
        .table_name("releases")
        .key("pair", text("orders/orders"))
        .key("item", text("current"))
        .send()
        .await
        .unwrap();
    assert!(found.item.is_none());
    assert_eq!(
        lines(&account),
        [
            "rollback dynamodb:GetItem ThrottlingException",
            "rollback dynamodb:GetItem ThrottlingException",
            "rollback dynamodb:GetItem ok",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_by_the_caller_s_timeout_and_blocks_nobody() {
    let account = account();
    account.set_interference(Box::new(|call| match call.service.as_str() {
        "ecs" => Interference::Hang,
        _ => Interference::None,
    }));
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(5));
    let config = config!(aws_sdk_ecs, account, "task").timeout_config(timeouts.build());
    let ecs = aws_sdk_ecs::Client::from_conf(config.build());
    let s3 = client!(aws_sdk_s3, account, "task");
    let began = Instant::now();
    let hanging = ecs.list_tasks().send();
    let other = async {
        let object = s3.get_object().bucket("artifacts");
        let key = object.key("orders/Build Out/images.zip");
        key.send().await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
    };
    let (hung, ()) = tokio::join!(hanging, other);
    assert!(matches!(hung.unwrap_err(), SdkError::TimeoutError(_)));
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(calls(&account)[0].fault.as_deref(), Some(NEVER_ANSWERED));
}

#[tokio::test(start_paused = true)]
async fn latency_is_spent_half_before_and_half_after() {
    let account = account();
    account.set_latency(Duration::from_millis(40));
    let s3 = client!(aws_sdk_s3, account, "task");
    let began = (Instant::now(), account.now());
    let object = s3.get_object().bucket("artifacts").key("none");
    assert_eq!(code(object.send().await), "NoSuchKey");
    assert_eq!(began.0.elapsed(), Duration::from_millis(40));
    let noted = account.with(|world| world.journal[0].at);
    assert_eq!(noted.since(began.1), Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn objects_are_found_behind_an_endpoint_of_an_ip_address() {
    let account = account();
    let config = config!(aws_sdk_s3, account, "task").endpoint_url("http://127.0.0.1:4566");
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    let object = s3.get_object().bucket("artifacts");
    let found = object.key("orders/Build Out/images.zip").send().await;
    assert_eq!(found.unwrap().content_length(), Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_receive_waits_until_a_message_is_there() {
    let account = account();
    let url = queue(&account, &json!({}));
    let sqs = client!(aws_sdk_sqs, account, "task");
    let began = Instant::now();
    let send = async {
        tokio::time::sleep(Duration::from_millis(4_030)).await;
        account.with(|world| sqs::send(world, &url, "hello").unwrap());
    };
    let receive = sqs.receive_message().queue_url(&url).wait_time_seconds(20);
    let ((), received) = tokio::join!(send, receive.send());
    assert_eq!(received.unwrap().messages()[0].body(), Some("hello"));
    assert_eq!(began.elapsed(), Duration::from_millis(4_100));
    assert_eq!(lines(&account), ["task sqs:ReceiveMessage ok"]);
}

#[tokio::test(start_paused = true)]
async fn a_receive_waits_as_long_as_itself_or_its_queue_says() {
    let account = account();
    let url = queue(&account, &json!({ "ReceiveMessageWaitTimeSeconds": "7" }));
    let sqs = client!(aws_sdk_sqs, account, "task");
    for (own, wait) in [(None, 7), (Some(3), 3), (Some(0), 0)] {
        let began = Instant::now();
        let receive = sqs.receive_message().queue_url(&url);
        let received = receive.set_wait_time_seconds(own).send().await.unwrap();
        assert!(received.messages().is_empty());
        assert_eq!(began.elapsed(), Duration::from_secs(wait));
    }
}

#[tokio::test(start_paused = true)]
async fn a_receive_whose_client_went_away_takes_no_message() {
    let account = account();
    let url = queue(&account, &json!({}));
    let sqs = client!(aws_sdk_sqs, account, "task");
    let receive = sqs.receive_message().queue_url(&url).wait_time_seconds(20);
    let gone = tokio::time::timeout(Duration::from_secs(1), receive.send()).await;
    assert!(gone.is_err());
    account.with(|world| sqs::send(world, &url, "hello").unwrap());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let depth = account.with(|world| sqs::depth(world, "orders").unwrap());
    assert_eq!((depth.visible, depth.in_flight), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_comes_back_through_cbor_as_it_was_put() {
    let account = account();
    let cloudwatch = client!(aws_sdk_cloudwatch, account, "rollback");
    let alarm = cloudwatch.put_metric_alarm().alarm_name("dead-letters");
    alarm
        .namespace("AWS/SQS")
        .metric_name("ApproximateNumberOfMessagesVisible")
        .statistic(Statistic::Maximum)
        .period(60)
        .evaluation_periods(1)
        .threshold(2.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .send()
        .await
        .unwrap();
    let found = cloudwatch.describe_alarms().alarm_names("dead-letters");
    let found = found.send().await.unwrap();
    let alarm = &found.metric_alarms()[0];
    assert_eq!((alarm.period(), alarm.threshold()), (Some(60), Some(2.0)));
    assert_eq!(alarm.state_value(), Some(&StateValue::InsufficientData));
    let updated = alarm.state_updated_timestamp().unwrap();
    assert_eq!(updated, &DateTime::from_millis(1_790_960_680_000));
}

/// A function that compares two versions reads what each has counted.
#[tokio::test(start_paused = true)]
async fn metric_data_are_read_through_cbor_page_by_page() {
    let account = account();
    account.with(|world| {
        for (minute, count) in [(3, 1.0), (2, 2.0), (1, 4.0)] {
            let at = Moment(world.now.0 - minute * 60_000);
            let service = [("ServiceName", "orders-canary")];
            cloudwatch::publish(world, "Orders", "Failed", &service, count, at);
        }
    });
    let cloudwatch = client!(aws_sdk_cloudwatch, account, "rollback");
    let service = Dimension::builder().name("ServiceName");
    let failed = Metric::builder().namespace("Orders").metric_name("Failed");
    let failed = failed.dimensions(service.value("orders-canary").build());
    let stat = MetricStat::builder().metric(failed.build()).period(60);
    let query = MetricDataQuery::builder().id("failed");
    let query = query.metric_stat(stat.stat("Sum").build()).build();
    let ask = |query: MetricDataQuery, end: i64| {
        let ask = cloudwatch.get_metric_data().metric_data_queries(query);
        ask.start_time(DateTime::from_secs(1_790_960_000))
            .end_time(DateTime::from_secs(end))
    };
    let pages = ask(query.clone(), 1_790_960_680)
        .max_datapoints(2)
        .into_paginator()
        .send();
    let pages: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    let results: Vec<_> = pages
        .iter()
        .map(|page| &page.metric_data_results()[0])
        .collect();
    assert_eq!(results[0].values(), [4.0, 2.0]);
    assert_eq!(results[0].status_code(), Some(&StatusCode::PartialData));
    assert_eq!(results[1].values(), [1.0]);
    assert_eq!(results[1].status_code(), Some(&StatusCode::Complete));
    let minute = DateTime::from_secs(1_790_960_460);
    assert_eq!(results[1].timestamps(), [minute]);

    let at_once = ask(query, 1_790_960_000).send().await;
    assert_eq!(code(at_once), "ValidationException");
}

/// A function that rolls back may ask whether its alarms are muted, suppressed, or were in alarm meanwhile.
#[tokio::test(start_paused = true)]
async fn composite_alarms_mute_rules_and_history_are_told_through_cbor() {
    let account = account();
    let cloudwatch = client!(aws_sdk_cloudwatch, account, "rollback");
    let composite = cloudwatch.put_composite_alarm().alarm_name("any");
    composite.alarm_rule("TRUE").send().await.unwrap();
    let schedule = Schedule::builder()
        .expression("cron(* * * * *)")
        .duration("PT4H")
        .build();
    let targets = MuteTargets::builder().alarm_names("any").build();
    cloudwatch
        .put_alarm_mute_rule()
        .name("nights")
        .rule(Rule::builder().schedule(schedule).build())
        .mute_targets(targets)
        .expire_date(DateTime::from_secs(1_790_980_000))
        .send()
        .await
        .unwrap();
    account.with(|world| world.tick(world.now));

    let found = cloudwatch.describe_alarms().alarm_names("any");
    let found = found.alarm_types(AlarmType::CompositeAlarm).send().await;
    let found = found.unwrap();
    let any = &found.composite_alarms()[0];
    assert_eq!(any.state_value(), Some(&StateValue::Alarm));
    assert_eq!(any.actions_suppressed_by(), None);

    let rules = cloudwatch.list_alarm_mute_rules().alarm_name("any");
    let rules = rules.statuses(AlarmMuteRuleStatus::Active).send().await;
    let rules = rules.unwrap();
    let [rule] = rules.alarm_mute_rule_summaries() else {
        panic!("one rule")
    };
    assert!(
        rule.alarm_mute_rule_arn()
            .unwrap()
            .ends_with(":alarm-mute-rule:nights")
    );
    assert_eq!(rule.status(), Some(&AlarmMuteRuleStatus::Active));
    assert_eq!(rule.mute_type(), Some("RECURRING"));
    assert_eq!(
        rule.expire_date(),
        Some(&DateTime::from_secs(1_790_980_000))
    );
    let rule = cloudwatch
        .get_alarm_mute_rule()
        .alarm_mute_rule_name("nights");
    let rule = rule.send().await.unwrap();
    assert_eq!(rule.mute_targets().unwrap().alarm_names(), ["any"]);
    assert_eq!(
        rule.rule().unwrap().schedule().unwrap().duration(),
        Some("PT4H")
    );

    let history = cloudwatch.describe_alarm_history().alarm_name("any");
    let history = history
        .alarm_types(AlarmType::CompositeAlarm)
        .history_item_type(HistoryItemType::StateUpdate)
        .start_date(DateTime::from_secs(1_790_960_000))
        .scan_by(ScanBy::TimestampAscending)
        .max_records(10)
        .send()
        .await
        .unwrap();
    let [item] = history.alarm_history_items() else {
        panic!("one transition")
    };
    assert_eq!(
        item.history_summary(),
        Some("Alarm updated from INSUFFICIENT_DATA to ALARM")
    );
    let data: Value = serde_json::from_str(item.history_data().unwrap()).unwrap();
    assert_eq!(data["newState"]["stateValue"], "ALARM");

    let delete = cloudwatch.delete_alarm_mute_rule();
    delete.alarm_mute_rule_name("nights").send().await.unwrap();
    let gone = cloudwatch
        .get_alarm_mute_rule()
        .alarm_mute_rule_name("nights");
    let gone = gone.send().await;
    assert!(gone.as_ref().is_err_and(|error| {
        let error = error.as_service_error();
        error.is_some_and(aws_sdk_cloudwatch::operation::get_alarm_mute_rule::GetAlarmMuteRuleError::is_resource_not_found_exception)
    }));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_published_and_a_refusal_is_told_apart_over_the_query_protocol() {
    let account = account();
    let topic = account.with(|world| sns::create_topic(world, "orders", &Map::new()).unwrap());
    let sns = client!(aws_sdk_sns, account, "rollback");
    let publish = |topic: &str, subject: &str| {
        let call = sns.publish().topic_arn(topic).subject(subject);
        call.message("a & b = c\n100 % <plain>").send()
    };
    let answer = publish(&topic, "orders: rolled back").await.unwrap();
    assert!(answer.message_id().is_some_and(|id| id.len() == 36));
    let kept = account.with(|world| world.sns.published.clone());
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].subject.as_deref(), Some("orders: rolled back"));
    assert_eq!(kept[0].message, "a & b = c\n100 % <plain>");

    let result = publish(&format!("{topic}-2"), "s").await;
    assert_eq!(
        result.as_ref().unwrap_err().message(),
        Some("Topic does not exist")
    );
    assert!(result.as_ref().is_err_and(|error| {
        let error = error.as_service_error();
        error.is_some_and(aws_sdk_sns::operation::publish::PublishError::is_not_found_exception)
    }));
    assert_eq!(code(result), "NotFound");
    assert_eq!(
        code(publish(&topic, "two\nlines").await),
        "InvalidParameter"
    );
    let phone = sns.publish().phone_number("+1").message("m").send().await;
    assert_eq!(code(phone), "InvalidParameter");
    let unknown = sns.list_topics().send().await;
    assert_eq!(code(unknown), "UnknownOperationException");
    assert_eq!(
        lines(&account),
        [
            "rollback sns:Publish ok",
            "rollback sns:Publish NotFoundException",
            "rollback sns:Publish InvalidParameterException",
            "rollback sns:Publish InvalidParameterException",
            "rollback sns:ListTopics UnknownOperationException",
        ]
    );
}
