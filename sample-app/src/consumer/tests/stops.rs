//! What a stop does with the messages in hand and with those that still come.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_stop_lets_work_finish_that_can_finish_in_time() {
    let sqs = FakeSqs::with_messages(0..2);
    let running = start(&sqs, 2, |_| Plan::SucceedAfter(22));
    pass(1).await;
    sqs.send([7]);
    let seen = running.seen.clone();
    let (drained, took) = running.stop().await;
    assert_eq!(drained.finished, 2);
    assert_eq!(sqs.left(), ["m07"], "no further message was begun");
    assert_eq!(seen.begun().len(), 2);
    assert!(took < Duration::from_secs(22), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_hands_back_what_cannot_finish_in_time() {
    let sqs = FakeSqs::with_messages(0..12);
    let running = start(&sqs, 12, |message| match message.id.as_str() {
        "m00" => Plan::SucceedAfter(20),
        _ => Plan::SucceedAfter(100),
    });
    pass(1).await;
    let (metrics, printed) = (running.metrics.clone(), running.printed.clone());
    let (drained, took) = running.stop().await;
    assert_eq!(
        drained,
        Drained {
            finished: 1,
            handed_back: 11,
            abandoned: 0
        }
    );
    assert_eq!(sqs.visible().len(), 11, "other tasks can have them at once");
    assert!(took < Duration::from_secs(26), "{took:?}");
    let hand_backs = sqs.calls("ChangeMessageVisibilityBatch");
    assert_eq!(hand_backs.len(), 2);
    assert_eq!(hand_backs[0]["Entries"][0]["VisibilityTimeout"], 0);
    metrics.flush();
    let sum = |name| printed.sum(name, None);
    assert_eq!(
        (sum("Processed"), sum("Failed"), sum("Released")),
        (1, 0, 11),
        "what is handed back has not failed"
    );
}

#[tokio::test(start_paused = true)]
async fn what_an_open_poll_brings_after_the_stop_is_handed_back_unbegun() {
    let sqs = FakeSqs::default();
    let running = start(&sqs, 10, |_| Plan::Succeed);
    pass(2).await;
    let late = sqs.clone();
    tokio::spawn(async move {
        pass(3).await;
        late.send([1, 2]);
    });
    let seen = running.seen.clone();
    let (drained, took) = running.stop().await;
    assert_eq!(drained.handed_back, sqs.left().len());
    assert_eq!(sqs.visible(), sqs.left());
    assert!(!sqs.left().is_empty());
    assert_eq!(seen.ids(), [""; 0]);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_several_open_polls_bring_after_the_stop_is_handed_back_too() {
    let sqs = FakeSqs::default();
    let running = start(&sqs, 25, |_| Plan::Succeed);
    pass(2).await;
    sqs.send(0..10);
    pass(1).await;
    let late = sqs.clone();
    tokio::spawn(async move {
        pass(3).await;
        late.send(10..30);
    });
    let (drained, _) = running.stop().await;
    assert_eq!(drained.handed_back, 20);
    assert_eq!(sqs.visible().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_an_idle_consumer_waits_for_its_open_poll_and_changes_nothing() {
    let sqs = FakeSqs::default();
    let running = start(&sqs, 10, |_| Plan::Succeed);
    pass(5).await;
    let health_file = running.health_file.clone();
    let (drained, took) = running.stop().await;
    assert_eq!(drained, Drained::default());
    assert!(took <= Duration::from_secs(16), "{took:?}");
    assert_eq!(sqs.calls("ReceiveMessage").len(), 2);
    assert!(!health_file.exists());
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_the_next_try_of_a_failed_poll() {
    let sqs = FakeSqs::default();
    sqs.fail_receives(&["RequestThrottled"; 6]);
    let running = start(&sqs, 10, |_| Plan::Succeed);
    pass(35).await;
    let (_, took) = running.stop().await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_before_the_kill_even_if_sqs_does_not_answer() {
    let sqs = FakeSqs::with_messages(0..2);
    let running = start(&sqs, 2, |_| Plan::SucceedAfter(1000));
    pass(1).await;
    sqs.fall_silent();
    let (drained, took) = running.stop().await;
    assert_eq!(drained.abandoned, 2);
    assert!(took < Duration::from_secs(30), "{took:?}");
}
