//! Who earned a cached token: digests, keyed with a random number of the entry's own, that tell nothing to a reader.
//!
//! A *mark* stands for a profile as it was when it fetched: name, place, references and hosts. A *proof* stands for a
//! secret that IMS accepted for the identity. Whoever has neither is a stranger, however well it knows the public ids.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::identity::hexadecimal;
use crate::digest;

/// More would let a folder of profiles grow an entry without end; the oldest goes first.
const MOST_MARKS: usize = 32;

/// A rotation has two secrets at a time.
const MOST_PROOFS: usize = 8;

/// What a profile says of itself, to be digested: no secret, but nothing to be shown either.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// Joins the parts; each is written with its length, so that no two lists of parts look the same.
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(parts.into_iter().map(|part| format!("{}:{part}\n", part.len())).collect())
    }
}

impl std::fmt::Debug for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mark(…)")
    }
}

/// What IMS was shown and accepted, to be digested.
pub struct Proof(Zeroizing<Vec<u8>>);

impl Proof {
    /// Joins the secrets that were shown together, each with its length.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
        for secret in secrets {
            bytes.extend_from_slice(&(secret.len() as u64).to_be_bytes());
            bytes.extend_from_slice(secret.as_bytes());
        }
        Self(bytes)
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// The digests of an entry, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earners {
    nonce: String,
    marks: Vec<String>,
    proofs: Vec<String>,
}

impl Earners {
    /// Nobody yet, with a number of their own.
    pub fn nobody() -> Self {
        let mut random = [0; 16];
        // Without randomness the digests are keyed alike on every machine, and still tell no secret.
        digest::random(&mut random);
        Self { nonce: hexadecimal(&random), marks: Vec::new(), proofs: Vec::new() }
    }

    /// Whether this profile is one of them.
    pub fn has_mark(&self, mark: &Mark) -> bool {
        self.marks.contains(&self.mark_digest(mark))
    }

    /// Whether IMS accepted this for the entry's identity.
    pub fn has_proof(&self, proof: &Proof) -> bool {
        self.proofs.contains(&self.proof_digest(proof))
    }

    /// Adds a profile, as the newest.
    pub fn add_mark(&mut self, mark: &Mark) {
        let digest = self.mark_digest(mark);
        push(&mut self.marks, digest, MOST_MARKS);
    }

    /// Adds what IMS accepted, as the newest.
    pub fn add_proof(&mut self, proof: &Proof) {
        let digest = self.proof_digest(proof);
        push(&mut self.proofs, digest, MOST_PROOFS);
    }

    /// Takes a profile away; says whether it was there.
    pub fn remove_mark(&mut self, mark: &Mark) -> bool {
        let digest = self.mark_digest(mark);
        remove(&mut self.marks, &digest)
    }

    /// Takes away what IMS no longer accepts; says whether it was there.
    pub fn remove_proof(&mut self, proof: &Proof) -> bool {
        let digest = self.proof_digest(proof);
        remove(&mut self.proofs, &digest)
    }

    /// As an entry holds them.
    pub(crate) fn to_json(&self) -> Value {
        let Self { nonce, marks, proofs } = self;
        json!({ "nonce": nonce, "profiles": marks, "secrets": proofs })
    }

    /// Reads them; `None` for anything else.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let list = |key: &str, most: usize| -> Option<Vec<String>> {
            let items = value.get(key)?.as_array().filter(|items| items.len() <= most)?;
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        };
        Some(Self {
            nonce: value.get("nonce")?.as_str()?.to_owned(),
            marks: list("profiles", MOST_MARKS)?,
            proofs: list("secrets", MOST_PROOFS)?,
        })
    }

    fn mark_digest(&self, mark: &Mark) -> String {
        keyed(&self.nonce, b"profile", mark.0.as_bytes())
    }

    fn proof_digest(&self, proof: &Proof) -> String {
        keyed(&self.nonce, b"secret", &proof.0)
    }
}

/// HMAC-SHA-256 under the nonce; the purpose keeps a mark from passing for a proof.
fn keyed(nonce: &str, purpose: &[u8], bytes: &[u8]) -> String {
    hexadecimal(&digest::hmac_sha256(nonce.as_bytes(), &[purpose, &[0], bytes]))
}

fn push(list: &mut Vec<String>, digest: String, most: usize) {
    list.retain(|own| *own != digest);
    list.push(digest);
    if list.len() > most {
        list.drain(..list.len() - most);
    }
}

fn remove(list: &mut Vec<String>, digest: &str) -> bool {
    let before = list.len();
    list.retain(|own| own != digest);
    list.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_known_by_all_its_parts() {
        let mut earners = Earners::nobody();
        earners.add_mark(&Mark::new(["prod", "store", "h.example"]));
        assert!(earners.has_mark(&Mark::new(["prod", "store", "h.example"])));
        for other in [["prod", "store", "evil.example"], ["prod", "storeh", ".example"], ["dev", "store", "h.example"]]
        {
            assert!(!earners.has_mark(&Mark::new(other)), "{other:?}");
        }
        assert!(!earners.has_proof(&Proof::new(["prod", "store", "h.example"])));
    }

    #[test]
    fn a_proof_is_known_by_all_its_secrets() {
        let mut earners = Earners::nobody();
        earners.add_proof(&Proof::new(["secret", "key"]));
        assert!(earners.has_proof(&Proof::new(["secret", "key"])));
        for other in [vec!["secret"], vec!["secretkey"], vec!["key", "secret"], vec![]] {
            assert!(!earners.has_proof(&Proof::new(other.clone())), "{other:?}");
        }
        assert!(earners.remove_proof(&Proof::new(["secret", "key"])));
        assert!(!earners.has_proof(&Proof::new(["secret", "key"])));
        assert!(!earners.remove_proof(&Proof::new(["secret", "key"])));
    }

    #[test]
    fn two_entries_have_no_digest_in_common() {
        let (mut one, mut other) = (Earners::nobody(), Earners::nobody());
        one.add_mark(&Mark::new(["a"]));
        other.add_mark(&Mark::new(["a"]));
        assert_ne!(one.marks, other.marks);
    }

    #[test]
    fn the_oldest_of_too_many_goes() {
        let mut earners = Earners::nobody();
        let mark = |number: usize| Mark::new([number.to_string().as_str()]);
        (0..MOST_MARKS).for_each(|number| earners.add_mark(&mark(number)));
        // Seen again, it is the newest.
        earners.add_mark(&mark(0));
        assert!(earners.has_mark(&mark(1)));
        earners.add_mark(&mark(MOST_MARKS));
        assert!(!earners.has_mark(&mark(1)));
        assert!(earners.has_mark(&mark(0)) && earners.has_mark(&mark(2)) && earners.has_mark(&mark(MOST_MARKS)));
    }

    #[test]
    fn written_and_read_they_are_the_same() {
        let mut earners = Earners::nobody();
        earners.add_mark(&Mark::new(["a"]));
        earners.add_proof(&Proof::new(["b"]));
        assert_eq!(Earners::from_json(&earners.to_json()), Some(earners));
    }

    #[test]
    fn an_entry_holds_32_profiles_and_8_secrets() {
        let mut earners = Earners::nobody();
        for number in 0..100 {
            earners.add_mark(&Mark::new([number.to_string().as_str()]));
            earners.add_proof(&Proof::new([number.to_string().as_str()]));
        }
        assert_eq!((earners.marks.len(), earners.proofs.len()), (32, 8));
        earners.marks.push("one more".to_owned());
        assert_eq!(Earners::from_json(&earners.to_json()), None);
    }
}
