//! What calls of ECS say about themselves.

use super::*;

const FAMILY: &str = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders";

fn conditioned(effect: &str, action: &str, condition: &Value) -> Value {
    json!({ "Effect": effect, "Action": action, "Resource": "*", "Condition": condition })
}

/// An account in which the canary runs `orders:1`, and deploy-canary acts as a role with these statements.
fn with_service(statements: &Value) -> World {
    let mut world = with(statements);
    ecs::create_cluster(&mut world, "orders");
    let container = json!({ "name": "app", "image": "app:v1" });
    let definition = json!({ "family": "orders", "containerDefinitions": [container] });
    ecs::register_task_definition(&mut world, &definition).expect("it is registered");
    let service =
        json!({ "cluster": "orders", "serviceName": "orders-canary", "taskDefinition": "orders" });
    ecs::create_service(&mut world, &service).expect("it is created");
    world
}

fn updates(world: &mut World, more: &Value) -> bool {
    let mut input = json!({ "service": "orders-canary", "desiredCount": 2 });
    for (member, value) in more.as_object().into_iter().flatten() {
        input[member] = value.clone();
    }
    update(world, &input).is_ok()
}

fn network(subnets: &[&str], assigns: Option<&str>) -> Value {
    let mut network = json!({ "subnets": subnets });
    if let Some(assigns) = assigns {
        network["assignPublicIp"] = assigns.into();
    }
    json!({ "networkConfiguration": { "awsvpcConfiguration": network } })
}

#[test]
fn a_call_has_the_keys_of_the_settings_that_it_names_and_no_others() {
    let plain = json!({});
    let shell = |is_on: bool| json!({ "enableExecuteCommand": is_on });
    let (one, other) = (network(&["subnet-1"], None), network(&["subnet-2"], None));
    let both = network(&["subnet-1", "subnet-2"], None);
    let (public, private) = (
        network(&["subnet-1"], Some("ENABLED")),
        network(&["subnet-1"], Some("DISABLED")),
    );
    let is_one = json!({ "ForAllValues:StringEquals": { "ecs:subnet": "subnet-1" } });
    let shell_is = |is: &str| json!({ "StringEquals": { "ecs:enable-execute-command": is } });
    let address_is = |is: &str| json!({ "StringEquals": { "ecs:auto-assign-public-ip": is } });
    for (condition, yes, no) in [
        (
            shell_is("true"),
            vec![shell(true)],
            vec![plain.clone(), shell(false), one.clone()],
        ),
        (
            shell_is("false"),
            vec![shell(false)],
            vec![plain.clone(), shell(true)],
        ),
        (
            is_one,
            vec![plain.clone(), one.clone(), public.clone()],
            vec![other.clone(), both.clone()],
        ),
        (
            json!({ "ForAnyValue:StringEquals": { "ecs:subnet": "subnet-1" } }),
            vec![one.clone(), both],
            vec![plain.clone(), other.clone()],
        ),
        (
            json!({ "Null": { "ecs:subnet": "true" } }),
            vec![plain.clone(), shell(true)],
            vec![one.clone(), other],
        ),
        (
            address_is("true"),
            vec![public.clone()],
            vec![plain.clone(), one.clone(), private.clone()],
        ),
        (address_is("false"), vec![private], vec![plain, one, public]),
    ] {
        let allowing = conditioned("Allow", "ecs:UpdateService", &condition);
        let mut world = with_service(&json!([allowing]));
        for input in yes {
            assert!(updates(&mut world, &input), "{condition}: {input}");
        }
        for input in no {
            assert!(!updates(&mut world, &input), "{condition}: {input}");
        }
    }
}

#[test]
fn one_privileged_container_makes_a_definition_privileged() {
    for (containers, is_privileged) in [
        (json!([]), "false"),
        (
            json!([{ "name": "app" }, { "name": "log", "privileged": false }]),
            "false",
        ),
        (
            json!([{ "name": "app" }, { "name": "log", "privileged": true }]),
            "true",
        ),
    ] {
        let condition = json!({ "StringEquals": { "ecs:privileged": is_privileged } });
        let allowing = conditioned("Allow", "ecs:RegisterTaskDefinition", &condition);
        let mut world = with(&json!([allowing]));
        let input = json!({ "family": "orders", "containerDefinitions": containers });
        let judged = ask(&mut world, "ecs", "RegisterTaskDefinition", &input);
        judged.unwrap_or_else(|fault| panic!("{input}: {}", fault.message));
    }
}

#[test]
fn a_registration_is_judged_on_the_revisions_the_family_or_everything() {
    let revisions = format!("{FAMILY}:*");
    let tagged = json!({ "family": "orders", "containerDefinitions": [],
        "tags": [{ "key": "application", "value": "orders" }] });
    for (way, judged, tags) in [
        (
            Registration::Revisions,
            revisions.as_str(),
            revisions.as_str(),
        ),
        (Registration::Family, FAMILY, FAMILY),
        (Registration::Everything, "*", FAMILY),
    ] {
        let register = |granted: &str, tagging: &str| {
            let mut world = with(&json!([
                allow("ecs:RegisterTaskDefinition", granted),
                allow("ecs:TagResource", tagging),
            ]));
            world.iam.registration = way;
            ask(&mut world, "ecs", "RegisterTaskDefinition", &tagged)
        };
        register(judged, tags).expect("both are granted");
        for other in [revisions.as_str(), FAMILY] {
            if other != judged {
                let message = denial(register(other, "*"));
                let wanted = format!("ecs:RegisterTaskDefinition on resource: {judged} ");
                assert!(message.contains(&wanted), "{message}");
            }
            if other != tags {
                let message = denial(register("*", other));
                let wanted = format!("ecs:TagResource on resource: {tags} ");
                assert!(message.contains(&wanted), "{message}");
            }
        }
    }
}

#[test]
fn a_count_comes_with_the_definition_that_the_service_has_where_aws_shows_it() {
    let of_family = json!({ "ArnLike": { "ecs:task-definition": format!("{FAMILY}:*") } });
    let no_definition = json!({ "Null": { "ecs:task-definition": "true" } });
    for shows in [false, true] {
        let may = |condition: &Value, more: &Value| {
            let allowing = conditioned("Allow", "ecs:UpdateService", condition);
            let mut world = with_service(&json!([allowing]));
            world.iam.shows_running_definition = shows;
            updates(&mut world, more)
        };
        assert_eq!(may(&of_family, &json!({})), shows);
        assert_eq!(may(&no_definition, &json!({})), !shows);
        let given = json!({ "taskDefinition": "orders:1" });
        assert!(may(&of_family, &given), "{shows}");
        assert!(!may(&no_definition, &given), "{shows}");
    }
}

#[test]
fn application_auto_scaling_asks_in_its_callers_name() {
    let via = |is: &str| json!({ "Bool": { "aws:ViaAWSService": is } });
    let input = json!({ "ServiceNamespace": "ecs", "ResourceId": "service/orders/orders-canary",
        "ScalableDimension": "ecs:service:DesiredCount" });
    for (is_via, hides, registers) in [
        ("true", false, true),
        ("false", false, false),
        ("true", true, false),
        ("false", true, true),
    ] {
        let mut world = with_service(&json!([
            allow("application-autoscaling:RegisterScalableTarget", "*"),
            allow("ecs:DescribeServices", "*"),
            conditioned("Allow", "ecs:UpdateService", &via(is_via)),
        ]));
        world.iam.hides_scaling = hides;
        let operation = "RegisterScalableTarget";
        let judged = ask(&mut world, "application-autoscaling", operation, &input);
        assert_eq!(judged.is_ok(), registers);
        assert_eq!(updates(&mut world, &json!({})), is_via == "false");
    }
}

#[test]
fn a_statement_is_needed_where_no_other_allows_the_same() {
    let named = |id: &str, resource: &str| {
        let mut statement = allow("ecs:UpdateService", resource);
        statement["Sid"] = id.into();
        statement
    };
    let mut world = with_service(&json!([named("One", CANARY), named("All", "*")]));
    assert!(updates(&mut world, &json!({})));
    assert!(world.iam.needed.is_empty());
    update(&mut world, &json!({ "service": "orders" })).expect("granted on everything");
    let needed: Vec<_> = world.iam.needed.iter().map(|it| &it.statement).collect();
    assert_eq!(needed, ["All"]);
    let all = statements(&world);
    let all: Vec<_> = all.iter().map(|it| it.statement.as_str()).collect();
    assert_eq!(all, ["All", "One"]);
}
