//! Digests and the identifiers made of them.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::Uuid;

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// SHA-512.
#[must_use]
pub fn sha512(bytes: &[u8]) -> Vec<u8> {
    Sha512::digest(bytes).to_vec()
}

/// SHA-1.
#[must_use]
pub fn sha1(bytes: &[u8]) -> Vec<u8> {
    Sha1::digest(bytes).to_vec()
}

/// MD5.
#[must_use]
pub fn md5(bytes: &[u8]) -> Vec<u8> {
    Md5::digest(bytes).to_vec()
}

/// The name-based identifier of RFC 9562 version 5.
#[must_use]
pub fn uuid_v5(namespace: &[u8; 16], name: &str) -> String {
    Uuid::new_v5(&Uuid::from_bytes(*namespace), name.as_bytes()).to_string()
}

/// The 16 bytes of a written identifier, or of one of the namespaces RFC 9562 names.
#[must_use]
pub fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let uuid = match text {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => Uuid::parse_str(other).ok()?,
    };
    Some(uuid.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::functions::encoding::hex;

    #[test]
    fn the_digests_of_the_standards_come_out() {
        assert_eq!(hex(&md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(
            hex(&sha1(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            hex(&sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let long = [b'a'; 200];
        assert_eq!(
            hex(&sha1(&long)),
            "e61cfffe0d9195a525fc6cf06ca2d77119c24a40"
        );
    }

    #[test]
    fn named_identifiers_are_those_of_terraform() {
        let dns = uuid_bytes("dns").unwrap();
        assert_eq!(
            uuid_v5(&dns, "www.terraform.io"),
            "a5008fae-b28c-5ba5-96cd-82b4c53552d6"
        );
        assert!(uuid_bytes("nonsense").is_none());
    }
}
