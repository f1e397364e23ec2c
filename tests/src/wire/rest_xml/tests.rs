use serde_json::json;

use super::*;
use crate::{clock::Moment, stage::identity, world::World};

fn asked(method: Method, uri: &str, host: &str, body: &'static str) -> Result<Asked, Fault> {
    let request = http::Request::builder().method(method).uri(uri);
    let request = request.header("host", host).body(()).unwrap();
    Asked::of(
        &request.into_parts().0,
        &Bytes::from_static(body.as_bytes()),
    )
}

fn get(uri: &str, host: &str) -> Result<Asked, Fault> {
    asked(Method::GET, uri, host, "")
}

#[test]
fn both_address_styles_lead_to_the_object() {
    let wanted = json!({ "Bucket": "artifacts", "Key": "orders/Build Out/x.zip" });
    let path = "/artifacts/orders/Build%20Out/x.zip?x-id=GetObject";
    assert_eq!(get(path, "127.0.0.1:4566").unwrap().input, wanted);
    let path = "/orders/Build%20Out/x.zip?x-id=GetObject";
    let host = "artifacts.s3.eu-central-1.amazonaws.com";
    assert_eq!(get(path, host).unwrap().input, wanted);
}

#[test]
fn an_operation_is_known_by_method_and_query() {
    for (method, uri, operation) in [
        (Method::GET, "/b/k?versionId=3", "GetObject"),
        (Method::HEAD, "/b/k", "HeadObject"),
        (Method::PUT, "/b/k", "PutObject"),
        (Method::HEAD, "/b", "HeadBucket"),
        (Method::GET, "/b?location", "GetBucketLocation"),
        (Method::GET, "/b?versions&prefix=a%2F", "ListObjectVersions"),
    ] {
        assert_eq!(
            asked(method, uri, "h", "").unwrap().operation,
            operation,
            "{uri}"
        );
    }
}

#[test]
fn anything_else_is_not_implemented() {
    for (method, uri) in [
        (Method::GET, "/"),
        (Method::GET, "/b"),
        (Method::GET, "/b?list-type=2"),
        (Method::GET, "/b/k?partNumber=1"),
        (Method::POST, "/b/k?uploads"),
        (Method::DELETE, "/b"),
    ] {
        let fault = asked(method, uri, "127.0.0.1", "").unwrap_err();
        assert_eq!(fault.code, "NotImplemented", "{uri}");
    }
    for header in ["range", "x-amz-copy-source"] {
        let request = http::Request::get("/b/k").header(header, "bytes=0-1");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert!(Asked::of(&parts, &Bytes::new()).is_err(), "{header}");
    }
}

#[test]
fn objects_to_delete_are_read_with_their_versions() {
    let body = "<Delete><Object><Key>a&amp;b</Key><VersionId>1</VersionId></Object>\
                <Object><Key>c&#x20;d</Key></Object><Quiet>true</Quiet></Delete>";
    let asked = asked(Method::POST, "/b?delete", "h", body).unwrap();
    let objects = json!([{ "Key": "a&b", "VersionId": "1" }, { "Key": "c d" }]);
    assert_eq!(
        asked.input["Delete"],
        json!({ "Objects": objects, "Quiet": true })
    );
    let fault = delete::read(b"<Delete></Delete>").unwrap_err();
    assert_eq!(fault.code, "MalformedXML");
}

#[test]
fn versions_are_listed_in_pages() {
    let mut world = World::new(identity(), Moment(0), 1);
    world.s3.create_bucket("b");
    let mut listed = |query: &str| {
        let asked = get(&format!("/b?versions&{query}"), "h").unwrap();
        let answer = carry_out(&mut world, &asked).unwrap();
        String::from_utf8(answer.body.to_vec()).unwrap()
    };
    assert!(listed("").contains("<IsTruncated>false</IsTruncated>"));
    for key in ["a", "b c", "d"] {
        crate::world::s3::put(&mut world, "b", key, b"1".to_vec()).unwrap();
    }
    let mut listed = |query: &str| {
        let asked = get(&format!("/b?versions&{query}"), "h").unwrap();
        let answer = carry_out(&mut world, &asked).unwrap();
        String::from_utf8(answer.body.to_vec()).unwrap()
    };
    let first = listed("max-keys=2&encoding-type=url");
    assert!(
        first.contains("<NextKeyMarker>b%20c</NextKeyMarker>"),
        "{first}"
    );
    let rest = listed("key-marker=b%20c&version-id-marker=null");
    assert!(
        rest.contains("<Key>d</Key>") && !rest.contains("<Key>a</Key>"),
        "{rest}"
    );
}

#[test]
fn a_broken_escape_stays_as_it_is() {
    assert_eq!(percent_decoded("100%/%zz%41%"), "100%/%zzA%");
}
