//! Every message that was received is accounted for in the minute of its receipt, unless its process died.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_takes_minutes_counts_for_the_minute_in_which_it_was_received() {
    let sqs = FakeSqs::with_messages(0..3);
    let running = start(&sqs, 10, |message| match message.id.as_str() {
        "m00" => Plan::SucceedAfter(250),
        "m01" => Plan::SucceedAfter(1_000_000),
        _ => Plan::Succeed,
    });
    pass(299).await;
    running.metrics.flush();
    assert_eq!(running.printed.unaccounted(0), 1, "one is still worked on");
    pass(2).await;
    running.metrics.flush();
    assert_eq!(running.printed.sum("Processed", Some(0)), 2);
    assert_eq!(running.printed.sum("Failed", Some(0)), 1);
    assert_eq!(running.printed.unaccounted(0), 0);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_counts_for_the_minute_of_its_own_receipt() {
    let sqs = FakeSqs::with_messages([1]);
    let running = start(&sqs, 10, |message| match message.receive_count {
        1..=3 => Plan::Fail,
        _ => Plan::Succeed,
    });
    pass(180).await;
    running.metrics.flush();
    for minute in running.printed.minutes() {
        assert_eq!(running.printed.unaccounted(minute), 0, "minute {minute}");
    }
    assert_eq!(running.printed.sum("Received", None), 4);
    assert_eq!(counts(&running), (1, 3));
    assert!(running.printed.minutes().len() > 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_nothing_unaccounted_for_nor_what_an_open_poll_still_brings() {
    let sqs = FakeSqs::with_messages(0..4);
    let running = start(&sqs, 10, |message| match message.id.as_str() {
        "m00" => Plan::Succeed,
        "m01" => Plan::Fail,
        _ => Plan::SucceedAfter(1000),
    });
    pass(2).await;
    let late = sqs.clone();
    tokio::spawn(async move {
        pass(3).await;
        late.send(10..12);
    });
    let (metrics, printed) = (running.metrics.clone(), running.printed.clone());
    let (drained, _) = running.stop().await;
    assert_eq!(drained.handed_back, 4);
    metrics.flush();
    let sum = |name| printed.sum(name, None);
    assert_eq!((sum("Received"), sum("Released")), (6, 4));
    for minute in printed.minutes() {
        assert_eq!(printed.unaccounted(minute), 0, "minute {minute}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_that_sqs_does_not_take_back_have_not_failed_either() {
    let sqs = FakeSqs::with_messages(0..2);
    let running = start(&sqs, 2, |_| Plan::SucceedAfter(1000));
    pass(1).await;
    sqs.fall_silent();
    let (metrics, printed) = (running.metrics.clone(), running.printed.clone());
    let (drained, _) = running.stop().await;
    assert_eq!(drained.abandoned, 2);
    metrics.flush();
    assert_eq!(printed.sum("Released", Some(0)), 2);
    assert_eq!(printed.unaccounted(0), 0);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_leaves_the_messages_it_had_unaccounted_for() {
    let sqs = FakeSqs::with_messages(0..5);
    let running = start(&sqs, 10, |message| match message.id.as_str() {
        "m00" | "m01" => Plan::Succeed,
        _ => Plan::SucceedAfter(60),
    });
    pass(7).await;
    running.metrics.flush();
    running.ended.abort();
    pass(120).await;
    assert_eq!(running.printed.unaccounted(0), 3);
}
