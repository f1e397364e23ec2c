//! Amazon EC2: networks, which nothing in the account acts on.

use super::service::Service;
use crate::provision::{ResourceType, Tagged, inert};

/// What the account has to know of it.
pub const SERVICE: Service = Service {
    resources: RESOURCES,
    ..Service::new("ec2")
};

const RESOURCES: &[ResourceType] = &[
    ResourceType {
        tagged: Tagged::Made(|world, id| world.arn("ec2", &format!("vpc/{id}"))),
        ..ResourceType::new("AWS::EC2::VPC", |_, it| {
            inert(
                it,
                "vpc",
                &["CidrBlock", "EnableDnsHostnames", "EnableDnsSupport"],
            )
        })
    },
    ResourceType {
        tagged: Tagged::Made(|world, id| world.arn("ec2", &format!("subnet/{id}"))),
        ..ResourceType::new("AWS::EC2::Subnet", |_, it| {
            inert(
                it,
                "subnet",
                &[
                    "AvailabilityZone",
                    "CidrBlock",
                    "MapPublicIpOnLaunch",
                    "VpcId",
                ],
            )
        })
    },
    ResourceType {
        tagged: Tagged::Made(|world, id| world.arn("ec2", &format!("internet-gateway/{id}"))),
        ..ResourceType::new("AWS::EC2::InternetGateway", |_, it| inert(it, "igw", &[]))
    },
    ResourceType::new("AWS::EC2::VPCGatewayAttachment", |_, it| {
        inert(it, "IGW", &["InternetGatewayId", "VpcId"])
    }),
    ResourceType {
        tagged: Tagged::Made(|world, id| world.arn("ec2", &format!("route-table/{id}"))),
        ..ResourceType::new("AWS::EC2::RouteTable", |_, it| inert(it, "rtb", &["VpcId"]))
    },
    ResourceType::new("AWS::EC2::Route", |_, it| {
        inert(
            it,
            "route",
            &["DestinationCidrBlock", "GatewayId", "RouteTableId"],
        )
    }),
    ResourceType::new("AWS::EC2::SubnetRouteTableAssociation", |_, it| {
        inert(it, "rtbassoc", &["RouteTableId", "SubnetId"])
    }),
    ResourceType {
        tagged: Tagged::Made(|world, id| world.arn("ec2", &format!("security-group/{id}"))),
        ..ResourceType::new("AWS::EC2::SecurityGroup", |_, it| {
            inert(
                it,
                "sg",
                &[
                    "GroupDescription",
                    "SecurityGroupEgress",
                    "SecurityGroupIngress",
                    "VpcId",
                ],
            )
        })
    },
    ResourceType::new("AWS::EC2::SecurityGroupIngress", |_, it| {
        inert(
            it,
            "sgr",
            &[
                "Description",
                "FromPort",
                "GroupId",
                "IpProtocol",
                "SourceSecurityGroupId",
                "ToPort",
            ],
        )
    }),
];
