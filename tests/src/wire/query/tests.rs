use serde_json::json;

use super::*;

/// A service with every kind of shape.
fn model() -> Model {
    serde_json::from_value(json!({
        "metadata": {
            "apiVersion": "2015-12-01", "serviceId": "Shapes",
            "xmlNamespace": "http://shapes.amazonaws.com/doc/2015-12-01/",
        },
        "operations": { "Register": { "input": "All", "output": "All" } },
        "shapes": {
            "All": { "type": "structure", "members": {
                "Targets": { "shape": "Targets" }, "Tags": { "shape": "Tags" },
                "Names": { "shape": "Names" }, "Enabled": { "shape": "Boolean" },
                "Since": { "shape": "Time" }, "Share": { "shape": "Share" },
            } },
            "Targets": { "type": "list", "member": { "shape": "Target" } },
            "Target": { "type": "structure", "members": {
                "Id": { "shape": "Text" }, "Port": { "shape": "Number" },
            } },
            "Tags": {
                "type": "map",
                "key": { "shape": "Text", "locationName": "Name" },
                "value": { "shape": "Text", "locationName": "Value" },
            },
            "Names": { "type": "list", "member": { "shape": "Text", "locationName": "name" } },
            "Text": { "type": "string" },
            "Number": { "type": "integer" },
            "Share": { "type": "double" },
            "Boolean": { "type": "boolean" },
            "Time": { "type": "timestamp" },
        },
    }))
    .unwrap()
}

fn read(body: &str) -> Value {
    input(&model(), "Register", body.as_bytes()).unwrap()
}

#[test]
fn lists_maps_and_scalars_are_read_by_the_model() {
    let body = "Action=Register&Version=2015-12-01\
                &Targets.member.2.Id=b&Targets.member.1.Id=a&Targets.member.1.Port=80\
                &Targets.member.10.Id=k\
                &Tags.entry.1.Name=a.b&Tags.entry.1.Value=x+y%26z\
                &Names.name.1=n&Enabled=true&Share=0.5&Since=1970-01-01T00%3A01%3A00Z";
    assert_eq!(
        read(body),
        json!({
            "Targets": [{ "Id": "a", "Port": 80 }, { "Id": "b" }, { "Id": "k" }],
            "Tags": { "a.b": "x y&z" },
            "Names": ["n"],
            "Enabled": true,
            "Share": 0.5,
            "Since": 60,
        })
    );
    assert_eq!(read("Targets="), json!({ "Targets": [] }));
}

#[test]
fn what_does_not_fit_goes_on_as_it_is() {
    let body = "Targets.member.1.Colour=red&Targets.member.2.Port=many&Nothing.at.all=1";
    assert_eq!(
        read(body),
        json!({
            "Targets": [{ "Colour": "red" }, { "Port": "many" }],
            "Nothing": { "at": { "all": "1" } },
        })
    );
    assert_eq!(read("Targets=a"), json!({ "Targets": "a" }));
    assert_eq!(
        read("Targets.item.1=a"),
        json!({ "Targets": { "item": { "1": "a" } } })
    );
}

#[test]
fn a_field_that_is_given_twice_is_refused() {
    let problem = input(&model(), "Register", b"Enabled=true&Enabled=false").unwrap_err();
    assert_eq!(problem, "the form has the field Enabled twice");
    let problem = input(&model(), "Register", b"Tags=a&Tags.entry.1.Name=b").unwrap_err();
    assert!(
        problem.contains("both with a value and with parts"),
        "{problem}"
    );
}

#[test]
fn an_operation_is_one_of_the_model_s_version() {
    let asked = |body: &str| operation(&model(), body.as_bytes());
    assert_eq!(
        asked("Action=Register&Version=2015-12-01").as_deref(),
        Some("Register")
    );
    assert_eq!(asked("Action=Register&Version=2012-06-01"), None);
    assert_eq!(asked("Version=2015-12-01"), None);
}

#[test]
fn an_answer_is_xml_of_the_same_shapes() {
    let value = json!({
        "Targets": [{ "Id": "<a>", "Port": 80 }],
        "Tags": { "k": "v" },
        "Names": [],
        "Enabled": false,
        "Since": 60.25,
    });
    assert_eq!(
        output(&model(), "Register", &value, "id-1"),
        "<RegisterResponse xmlns=\"http://shapes.amazonaws.com/doc/2015-12-01/\"><RegisterResult>\
         <Targets><member><Id>&lt;a&gt;</Id><Port>80</Port></member></Targets>\
         <Tags><entry><Name>k</Name><Value>v</Value></entry></Tags>\
         <Names></Names><Enabled>false</Enabled><Since>1970-01-01T00:01:00.250Z</Since>\
         </RegisterResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>\
         </RegisterResponse>"
    );
}
