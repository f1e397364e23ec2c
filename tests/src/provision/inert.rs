//! Resources that nothing in the account acts on: they get their names, and their properties are
//! known by name.

use super::{created, name_of};
use crate::{
    template::{Created, Refused, Resource, physical_name},
    world::World,
};

/// Creates a resource of these kinds; any other kind is not known here.
pub(super) fn create(world: &World, resource: &Resource<'_>) -> Result<Created, Refused> {
    let Some((_, reference, properties)) = KINDS.iter().find(|(kind, ..)| *kind == resource.kind)
    else {
        return Err(Refused {
            property: None,
            message: format!(
                "the local account has no resources of type {}",
                resource.kind
            ),
        });
    };
    check(resource, properties)?;
    let given = |property: &str| name_of(resource, resource.properties[property].as_str());
    Ok(match reference {
        Reference::Id(prefix) => created(id(prefix, resource), []),
        Reference::LogGroup => {
            let name = given("LogGroupName");
            let arn = world.arn("logs", &format!("log-group:{name}:*"));
            created(name, [("Arn", arn.into())])
        }
    })
}

/// What `Ref` and `GetAtt` answer.
enum Reference {
    /// `vpc-…`
    Id(&'static str),
    /// The group's name.
    LogGroup,
}

const KINDS: [(&str, Reference, &[&str]); 11] = [
    (
        "AWS::EC2::VPC",
        Reference::Id("vpc"),
        &["CidrBlock", "EnableDnsHostnames", "EnableDnsSupport"],
    ),
    (
        "AWS::EC2::Subnet",
        Reference::Id("subnet"),
        &[
            "AvailabilityZone",
            "CidrBlock",
            "MapPublicIpOnLaunch",
            "VpcId",
        ],
    ),
    ("AWS::EC2::InternetGateway", Reference::Id("igw"), &[]),
    (
        "AWS::EC2::VPCGatewayAttachment",
        Reference::Id("IGW"),
        &["InternetGatewayId", "VpcId"],
    ),
    ("AWS::EC2::RouteTable", Reference::Id("rtb"), &["VpcId"]),
    (
        "AWS::EC2::Route",
        Reference::Id("route"),
        &["DestinationCidrBlock", "GatewayId", "RouteTableId"],
    ),
    (
        "AWS::EC2::SubnetRouteTableAssociation",
        Reference::Id("rtbassoc"),
        &["RouteTableId", "SubnetId"],
    ),
    (
        "AWS::EC2::SecurityGroup",
        Reference::Id("sg"),
        &[
            "GroupDescription",
            "SecurityGroupEgress",
            "SecurityGroupIngress",
            "VpcId",
        ],
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        Reference::Id("sgr"),
        &[
            "Description",
            "FromPort",
            "GroupId",
            "IpProtocol",
            "SourceSecurityGroupId",
            "ToPort",
        ],
    ),
    // Nobody computes the metrics that it would follow.
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        Reference::Id("policy"),
        &[
            "PolicyName",
            "PolicyType",
            "ScalingTargetId",
            "TargetTrackingScalingPolicyConfiguration",
        ],
    ),
    (
        "AWS::Logs::LogGroup",
        Reference::LogGroup,
        &["LogGroupName", "RetentionInDays"],
    ),
];

fn check(resource: &Resource<'_>, known: &[&str]) -> Result<(), Refused> {
    let properties = resource.properties.as_object();
    let unknown = properties.and_then(|properties| {
        properties
            .keys()
            .find(|name| *name != "Tags" && !known.contains(&name.as_str()))
    });
    match unknown {
        Some(name) => Err(Refused {
            property: Some(name.clone()),
            message: format!(
                "it is not known here; known are {} and Tags",
                known.join(", ")
            ),
        }),
        None => Ok(()),
    }
}

/// `PREFIX-` and seventeen hexadecimal digits.
fn id(prefix: &str, resource: &Resource<'_>) -> String {
    let name = physical_name(resource.stack, resource.logical_id);
    let digest = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{prefix}-0{digest:016x}")
}
