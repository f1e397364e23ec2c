//! Health checks of targets.

use super::*;

/// Where somebody answers what is not HTTP.
async fn garbled() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.write_all(b"nonsense\r\n\r\n").await;
        }
    });
    address
}

#[tokio::test]
async fn a_health_check_is_a_request_for_the_path_and_ends_in_time() {
    let stage = Stage::new([1, 0], false).await;
    let (address, asked) = prompt_target("v1").await;
    let (silent, _) = target("v1", std::future::pending).await;
    let forwarder = Forwarder::new(stage.account.clone());
    let check = async |address: SocketAddr, timeout: Duration| {
        let probe = Probe {
            target_group: stage.groups[0].clone(),
            target: stage.register(0, address),
            path: "/health?deep=1".to_owned(),
            timeout,
        };
        forwarder.check(&probe).await
    };

    let minute = Duration::from_mins(1);
    assert_eq!(check(address, minute).await, Checked::Status(200));
    assert_eq!(check(nowhere().await, minute).await, Checked::Broken);
    assert_eq!(check(garbled().await, minute).await, Checked::Broken);
    let millisecond = Duration::from_millis(1);
    assert_eq!(check(silent, millisecond).await, Checked::Late);

    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].0.uri, "/health?deep=1");
    assert_eq!(asked[0].0.headers[HOST], address.to_string());
    assert_eq!(asked[0].0.headers[USER_AGENT], "ELB-HealthChecker/2.0");
}
