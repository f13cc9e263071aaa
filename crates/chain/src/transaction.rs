//! Transactions: made, signed and taken apart without a node, so that an attempt can be recorded before it is sent.

use std::fmt;

use ethers_core::{
    types::{
        Bytes, Eip1559TransactionRequest, NameOrAddress, Signature, TransactionRequest, U256,
        transaction::eip2718::TypedTransaction,
    },
    utils::{get_contract_address, keccak256, rlp::Rlp},
};
use ethers_signers::{LocalWallet, Signer as _};
use hocba_bundle::facts::Address;

use crate::{
    contract::{Administration, Anchor, MAX_CHANGES, Opening, StatusChange, TxHash, address, call, h160},
    fees::Fee,
};

/// Gas for one `anchor`: 90,300 are used, the first or a later one; the rest is room for dearer forks.
pub const ANCHOR_GAS: u64 = 200_000;
/// Gas for the deployment: 3,273,000 are used, and a predecessor takes 90,000 more.
pub const DEPLOY_GAS: u64 = 6_000_000;
/// Gas for what an administrator does: the dearest, an issuer with 512 bytes of school codes, takes 850,000.
pub const ADMINISTRATION_GAS: u64 = 2_000_000;
/// Gas for one `setStatus` besides its changes.
const SET_STATUS_BASE_GAS: u64 = 100_000;
/// Gas for one change: 32,000 are used for a fresh key, call data included.
const SET_STATUS_CHANGE_GAS: u64 = 40_000;

/// Longest raw transaction that is taken apart: 1,000 changes are 160 kB.
pub const MAX_RAW: usize = 256 << 10;

/// Gas for one `setStatus` with so many changes. The most that the contract takes, 1,000, use 31.9 million: a network
/// with a smaller block gas limit wants shorter lists.
pub fn set_status_gas(changes: usize) -> u64 {
    SET_STATUS_BASE_GAS + SET_STATUS_CHANGE_GAS * changes.min(MAX_CHANGES) as u64
}

/// Why a transaction cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// The 32 bytes are no secp256k1 key: zero, or past the order of the curve.
    #[error("the secret is no secp256k1 key")]
    BadSecret,
    /// EIP-155 puts twice the chain id into the signature.
    #[error("chain id {0} is 0 or too large to sign for")]
    BadChain(u64),
    /// The key could not sign.
    #[error("the transaction could not be signed")]
    Signing,
    /// The contract takes 1 to 1,000 changes at once.
    #[error("{0} changes at once; the contract takes 1 to {MAX_CHANGES}")]
    ChangeCount(usize),
    /// The bytes are no signed transaction of a kind made here, in its one encoding.
    #[error("not a signed transaction (EIP-155 or EIP-1559)")]
    Malformed,
}

/// A key that pays for and signs transactions on one chain. Roles on the contract belong to its address.
#[derive(Clone)]
pub struct Signer(LocalWallet);

impl Signer {
    /// The key with these 32 bytes. The caller wipes its own copy; the one in here is wiped on drop.
    ///
    /// # Errors
    /// For bytes that are no key and chain ids that cannot be signed for.
    pub fn from_secret(secret: &[u8; 32], chain: u64) -> Result<Self, TransactionError> {
        // v = 2 * chain + 35 or 36 must fit 64 bits.
        if chain == 0 || chain > (u64::MAX - 36) / 2 {
            return Err(TransactionError::BadChain(chain));
        }
        let wallet = LocalWallet::from_bytes(secret).map_err(|_| TransactionError::BadSecret)?;
        Ok(Self(wallet.with_chain_id(chain)))
    }
    /// The address that belongs to the key.
    pub fn address(&self) -> Address {
        address(self.0.address())
    }
    /// The chain it signs for.
    pub fn chain(&self) -> u64 {
        self.0.chain_id()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} on chain {})", self.address(), self.chain())
    }
}

/// What a transaction needs besides its content. Nothing of it is asked from a node: the nonce comes from the caller's
/// own ledger of attempts, price and gas from its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Number of the sender's transactions before this one.
    pub nonce: u64,
    /// Most gas it may use.
    pub gas: u64,
    /// What it offers for gas.
    pub fee: Fee,
}

/// A signed transaction, legacy (EIP-155) or with a fee limit (EIP-1559).
#[derive(Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    raw: Vec<u8>,
    hash: TxHash,
    chain: u64,
    from: Address,
    to: Option<Address>,
    terms: Terms,
    data: Vec<u8>,
    signature: Signature,
}

impl SignedTransaction {
    fn sign(signer: &Signer, to: Option<Address>, data: Vec<u8>, terms: Terms) -> Result<Self, TransactionError> {
        let chain = signer.chain();
        let from = signer.0.address();
        let to_there = to.as_ref().map(|to| NameOrAddress::Address(h160(to)));
        let request = match terms.fee {
            Fee::Legacy { price } => {
                let mut request = TransactionRequest::new()
                    .from(from)
                    .data(data.clone())
                    .value(0)
                    .nonce(terms.nonce)
                    .gas(terms.gas)
                    .gas_price(price)
                    .chain_id(chain);
                request.to = to_there;
                TypedTransaction::Legacy(request)
            }
            Fee::Dynamic { max, tip } => {
                let mut request = Eip1559TransactionRequest::new()
                    .from(from)
                    .data(data.clone())
                    .value(0)
                    .nonce(terms.nonce)
                    .gas(terms.gas)
                    .max_fee_per_gas(max)
                    .max_priority_fee_per_gas(tip)
                    .chain_id(chain);
                request.to = to_there;
                TypedTransaction::Eip1559(request)
            }
        };
        let mut signature = signer.0.sign_transaction_sync(&request).map_err(|_| TransactionError::Signing)?;
        if matches!(terms.fee, Fee::Dynamic { .. }) {
            // The signer gives `v` as EIP-155 has it, 2 * chain + 35 + parity; EIP-1559 has the parity alone.
            signature.v = signature.v.saturating_sub(35) % 2;
        }
        let raw = request.rlp_signed(&signature).to_vec();
        let hash = TxHash::from_bytes(keccak256(&raw));
        Ok(Self { raw, hash, chain, from: signer.address(), to, terms, data, signature })
    }

    /// Reads a raw transaction again, for example one recorded before a crash. Takes any bytes.
    ///
    /// # Errors
    /// For anything but the one encoding of a transaction without value, signed for a chain, as made here.
    pub fn from_raw(raw: &[u8]) -> Result<Self, TransactionError> {
        let error = TransactionError::Malformed;
        if raw.len() > MAX_RAW {
            return Err(error);
        }
        let (request, signature) = match raw {
            [2, rest @ ..] => {
                let read = Eip1559TransactionRequest::decode_signed_rlp(&Rlp::new(rest)).map_err(|_| error)?;
                (TypedTransaction::Eip1559(read.0), read.1)
            }
            _ => {
                let read = TransactionRequest::decode_signed_rlp(&Rlp::new(raw)).map_err(|_| error)?;
                (TypedTransaction::Legacy(read.0), read.1)
            }
        };
        if request.rlp_signed(&signature)[..] != *raw || !has_low_s(&signature) {
            return Err(error);
        }
        let price = |n: Option<U256>| n.filter(|n| n.bits() <= 128).map(|n| n.low_u128()).ok_or(error);
        let fee = match &request {
            TypedTransaction::Legacy(request) => Fee::Legacy { price: price(request.gas_price)? },
            TypedTransaction::Eip1559(request) if request.access_list.0.is_empty() => {
                let (max, tip) = (price(request.max_fee_per_gas)?, price(request.max_priority_fee_per_gas)?);
                if tip > max {
                    return Err(error);
                }
                Fee::Dynamic { max, tip }
            }
            _ => return Err(error),
        };
        let small = |n: Option<&U256>| n.filter(|n| n.bits() <= 64).map(U256::low_u64).ok_or(error);
        if !request.value().copied().unwrap_or_default().is_zero() {
            return Err(error);
        }
        Ok(Self {
            hash: TxHash::from_bytes(keccak256(raw)),
            raw: raw.to_vec(),
            chain: request.chain_id().filter(|c| !c.is_zero()).ok_or(error)?.as_u64(),
            from: address(*request.from().ok_or(error)?),
            to: match request.to() {
                None => None,
                Some(NameOrAddress::Address(to)) => Some(address(*to)),
                Some(NameOrAddress::Name(_)) => return Err(error),
            },
            terms: Terms { nonce: small(request.nonce())?, gas: small(request.gas())?, fee },
            data: request.data().cloned().unwrap_or_else(Bytes::new).to_vec(),
            signature,
        })
    }

    /// The bytes to send.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }
    /// The hash it will be known by.
    pub fn hash(&self) -> TxHash {
        self.hash
    }
    /// The chain it is valid on.
    pub fn chain(&self) -> u64 {
        self.chain
    }
    /// Its sender.
    pub fn from(&self) -> Address {
        self.from
    }
    /// The contract it calls; `None` for a deployment.
    pub fn to(&self) -> Option<Address> {
        self.to
    }
    /// Nonce, gas and price.
    pub fn terms(&self) -> Terms {
        self.terms
    }
    /// `v`, `r` and `s` of the signature.
    pub(crate) fn signature(&self) -> (u64, [u8; 32], [u8; 32]) {
        let word = |n: U256| {
            let mut word = [0; 32];
            n.to_big_endian(&mut word);
            word
        };
        (self.signature.v, word(self.signature.r), word(self.signature.s))
    }
    /// Call data.
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

impl fmt::Debug for SignedTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedTransaction({} from {} nonce {})", self.hash, self.from, self.terms.nonce)
    }
}

/// EIP-2: with a high `s`, anyone could turn a transaction into a twin with another hash.
fn has_low_s(signature: &Signature) -> bool {
    // Half the order of secp256k1, rounded down.
    let half = U256([0xdfe9_2f46_681b_20a0, 0x5d57_6e73_57a4_501d, 0xffff_ffff_ffff_ffff, 0x7fff_ffff_ffff_ffff]);
    signature.s <= half
}

/// Signs the anchoring of a batch.
///
/// # Errors
/// Only when the key cannot sign.
pub fn prepare_anchor(
    signer: &Signer,
    contract: &Address,
    anchor: &Anchor,
    terms: Terms,
) -> Result<SignedTransaction, TransactionError> {
    SignedTransaction::sign(signer, Some(*contract), call::anchor(anchor), terms)
}

/// Signs changes of statuses, the first of which must get this index.
///
/// # Errors
/// For no change or more than the contract takes at once, and when the key cannot sign.
pub fn prepare_set_status(
    signer: &Signer,
    contract: &Address,
    index: u64,
    changes: &[StatusChange],
    terms: Terms,
) -> Result<SignedTransaction, TransactionError> {
    if !(1..=MAX_CHANGES).contains(&changes.len()) {
        return Err(TransactionError::ChangeCount(changes.len()));
    }
    SignedTransaction::sign(signer, Some(*contract), call::set_status(index, changes), terms)
}

/// Signs what an administrator does.
///
/// # Errors
/// Only when the key cannot sign.
pub fn prepare_administration(
    signer: &Signer,
    contract: &Address,
    what: &Administration,
    terms: Terms,
) -> Result<SignedTransaction, TransactionError> {
    SignedTransaction::sign(signer, Some(*contract), call::administration(what), terms)
}

/// Signs the deployment of the contract of this release. Its address will be [`contract_address`].
///
/// # Errors
/// Only when the key cannot sign.
pub fn prepare_deploy(signer: &Signer, opening: &Opening, terms: Terms) -> Result<SignedTransaction, TransactionError> {
    SignedTransaction::sign(signer, None, call::create(opening), terms)
}

/// The address of a contract that this sender deploys with this nonce.
pub fn contract_address(sender: &Address, nonce: u64) -> Address {
    address(get_contract_address(h160(sender), nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening() -> Opening {
        Opening { admin: Address::from_bytes([1; 20]), admin_delay: 60, predecessor: None }
    }

    #[test]
    fn a_recorded_transaction_is_read_again_whole() {
        let signer = Signer::from_secret(&[7; 32], 20_269).expect("key");
        for nonce in [0, 1, 2, 3, u64::MAX - 1] {
            let price = u128::from(nonce);
            for fee in [Fee::Legacy { price }, Fee::Dynamic { max: price, tip: price / 2 }] {
                let terms = Terms { nonce, gas: DEPLOY_GAS, fee };
                let signed = prepare_deploy(&signer, &opening(), terms).expect("signed");
                assert_eq!(SignedTransaction::from_raw(signed.raw()), Ok(signed));
            }
        }
    }

    #[test]
    fn nothing_but_the_one_encoding_is_read() {
        let signer = Signer::from_secret(&[7; 32], 20_269).expect("key");
        for fee in [Fee::FREE, Fee::Dynamic { max: 9, tip: 4 }] {
            only_the_one_encoding(&signer, Terms { nonce: 5, gas: 21_000, fee });
        }
    }

    fn only_the_one_encoding(signer: &Signer, terms: Terms) {
        let contract = Address::from_bytes([9; 20]);
        let change = StatusChange {
            key: hocba_record::encoding::Sha256Digest::of(b"k"),
            live_version: 1,
            revoked: false,
            reason: 1,
            statement: hocba_record::encoding::Sha256Digest::of(b"s"),
        };
        let signed = prepare_set_status(signer, &contract, 0, &[change], terms).expect("signed");
        let raw = signed.raw();
        for end in 0..raw.len() {
            assert_eq!(SignedTransaction::from_raw(&raw[..end]), Err(TransactionError::Malformed));
        }
        assert!(SignedTransaction::from_raw(&[raw, &[0]].concat()).is_err());
        for place in 0..raw.len() {
            let mut changed = raw.to_vec();
            changed[place] ^= 1;
            // A changed bit gives another sender or no transaction at all, never this one.
            assert_ne!(
                SignedTransaction::from_raw(&changed).ok().map(|t| (t.from(), t.hash())),
                Some((signed.from(), signed.hash()))
            );
            assert!(SignedTransaction::from_raw(&changed).map_or(true, |t| t.from() != signed.from()), "{place}");
        }
        assert_eq!(prepare_set_status(signer, &contract, 0, &[], terms), Err(TransactionError::ChangeCount(0)));
        assert_eq!(
            prepare_set_status(signer, &contract, 0, &vec![change; 1001], terms),
            Err(TransactionError::ChangeCount(1001))
        );
    }

    #[test]
    fn a_twin_with_high_s_is_refused() {
        let signer = Signer::from_secret(&[7; 32], 20_269).expect("key");
        let signed = prepare_deploy(&signer, &opening(), Terms { nonce: 0, gas: 1, fee: Fee::FREE }).expect("signed");
        let (request, signature) = TransactionRequest::decode_signed_rlp(&Rlp::new(signed.raw())).expect("legacy");
        let order = U256::from_big_endian(
            &hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").expect("hex"),
        );
        // v = 2 * chain + 35 + parity, so the parity flips with the lowest bit's complement.
        let base = 2 * signed.chain() + 35;
        let twin = Signature { r: signature.r, s: order - signature.s, v: base + (1 - (signature.v - base)) };
        assert_eq!(SignedTransaction::from_raw(&request.rlp_signed(&twin)), Err(TransactionError::Malformed));
    }

    #[test]
    fn bad_keys_and_chains_are_refused() {
        assert!(matches!(Signer::from_secret(&[0; 32], 1), Err(TransactionError::BadSecret)));
        assert!(matches!(Signer::from_secret(&[0xff; 32], 1), Err(TransactionError::BadSecret)));
        assert!(matches!(Signer::from_secret(&[7; 32], 0), Err(TransactionError::BadChain(0))));
        assert!(Signer::from_secret(&[7; 32], u64::MAX / 2).is_err());
        let signer = Signer::from_secret(&[7; 32], (u64::MAX - 36) / 2).expect("largest chain");
        assert!(prepare_deploy(&signer, &opening(), Terms { nonce: 0, gas: 1, fee: Fee::FREE }).is_ok());
        assert!(!format!("{signer:?}").contains("0707"), "the secret is not shown");
    }
}
