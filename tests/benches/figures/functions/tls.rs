//! A certificate for loopback, and who trusts it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// The services that the functions call, as the variables `AWS_ENDPOINT_URL_…` name them. AWS: AWS SDKs and Tools
/// reference guide, "Service-specific endpoints".
pub(crate) const SERVICES: [&str; 9] = [
    "APPLICATION_AUTO_SCALING",
    "CLOUDWATCH",
    "CODEPIPELINE",
    "DYNAMODB",
    "ECS",
    "ELASTIC_LOAD_BALANCING_V2",
    "S3",
    "SNS",
    "SQS",
];

/// Where Linux distributions keep the roots that they trust; the second is that of Amazon Linux, as Lambda has it.
const BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// A server's side of TLS, for the address of every service.
pub(crate) struct Tls {
    /// Accepts connections.
    pub(crate) acceptor: TlsAcceptor,
    /// The file of the roots that this machine trusts.
    pub(crate) bundle: PathBuf,
    /// The same and the root behind the certificate.
    pub(crate) roots: PathBuf,
}

impl Tls {
    /// A new authority and a certificate of it.
    ///
    /// # Errors
    /// This machine has no roots, or they cannot be copied.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "Local account");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let names: Vec<String> = SERVICES
            .iter()
            .enumerate()
            .map(|(number, _)| address(number).to_string())
            .collect();
        let mut leaf = CertificateParams::new(names)?;
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&key, &issuer)?;

        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let bundle = BUNDLES.iter().map(PathBuf::from).find(|it| it.is_file());
        let bundle = bundle
            .with_context(|| format!("no file of trusted roots at {}", BUNDLES.join(", ")))?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            roots: trust(&bundle, &root.pem())?,
            bundle,
        })
    }
}

/// The address of a service by its place in [`SERVICES`]: on AWS each is a host of its own.
pub(crate) fn address(service: usize) -> IpAddr {
    let last = u8::try_from(service + 11).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// Writes this machine's roots and one more to a file.
fn trust(bundle: &Path, root: &str) -> anyhow::Result<PathBuf> {
    let roots =
        fs::read_to_string(bundle).with_context(|| format!("cannot read {}", bundle.display()))?;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures-roots.pem");
    fs::write(&path, format!("{roots}\n{root}"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
