//! Where an alarm is.

use std::fmt;

use crate::names::{AccountId, RegionCode, Version};

/// An account and a Region: alarms of other places may have the name of one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: RegionCode,
}

impl Place {
    /// From an account and a Region; `None` if one of them is none.
    pub(super) fn new(account: &str, region: &str) -> Option<Self> {
        Some(Self {
            account: account.try_into().ok()?,
            region: region.try_into().ok()?,
        })
    }

    /// Where an alarm is, from its ARN: `arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME`, whose name is free text.
    pub(super) fn of_alarm(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(7, ':').collect();
        let ["arn", _, "cloudwatch", region, account, "alarm", _] = parts[..] else {
            return None;
        };
        Self::new(account, region)
    }

    /// Where a pair is, from what it runs; `None` where versions have no ARNs.
    #[must_use]
    pub fn of_version(arn: &Version) -> Option<Self> {
        let mut parts = arn.as_str().splitn(6, ':').skip(3);
        let (region, account) = (parts.next()?, parts.next()?);
        Self::new(account, region)
    }
}

/// `account 111122223333, Region eu-central-1`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account {}, Region {}", self.account, self.region)
    }
}
