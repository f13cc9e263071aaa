//! Which contract, and with whose key.

use std::path::PathBuf;

use clap::Args;
use hocba_bundle::{facts::Address, profile::Era};
use hocba_chain::{Deployment, Fee, FeePolicy, Finality, Operators, Predecessor, Signer, code_digest};
use hocba_keystore::{Mode, Passphrase, Secp256k1Key};
use hocba_record::encoding::Sha256Digest;

use crate::{
    commands::Context,
    error::{Exit, Failure},
    folder::Folder,
    ledger::{self, Node},
    output::words,
    people::{keystore, open_chain_key},
};

/// The folder's contract, or one that is named.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Hỏi nút mạng này, thay cho mạng của thư mục dữ liệu / Ask this node instead of the data folder's network
    #[arg(long, value_name = "URL", requires = "chain_id", requires = "contract")]
    rpc: Option<String>,
    /// Mã mạng / EIP-155 chain id
    #[arg(long, requires = "rpc")]
    chain_id: Option<u64>,
    /// Địa chỉ hợp đồng / Address of the contract
    #[arg(long, requires = "rpc")]
    contract: Option<Address>,
    /// Giá mỗi đơn vị gas, tính bằng wei / Price per gas, in wei
    #[arg(long, value_name = "WEI", requires = "rpc", default_value_t = 0)]
    gas_price: u64,
}

/// Whom to ask, and what to offer.
pub struct Target {
    /// Who is asked.
    pub operators: Operators<Node>,
    /// When a block counts.
    pub finality: Finality,
    /// What is offered for gas.
    pub fees: FeePolicy,
}

impl TargetArgs {
    /// The folder, where it is the folder's contract.
    ///
    /// # Errors
    /// When it does not open.
    pub fn folder(&self, context: &Context) -> anyhow::Result<Option<Folder>> {
        self.rpc.is_none().then(|| Folder::open(&context.data_dir)).transpose()
    }

    /// Finds it.
    ///
    /// # Errors
    /// When the folder's chain or trust profile does not open, or the address is none.
    pub async fn open(&self, folder: Option<&Folder>) -> anyhow::Result<Target> {
        if let (Some(url), Some(chain), Some(contract)) = (&self.rpc, self.chain_id, self.contract) {
            let deployment = Deployment { chain, contract, code: code_digest() };
            return Ok(Target {
                operators: Operators::single(ledger::http(url)?, deployment),
                finality: Finality::Instant,
                fees: FeePolicy::Fixed { price: self.gas_price.into() },
            });
        }
        let folder = folder.ok_or_else(|| anyhow::anyhow!("neither a folder nor a node"))?;
        Ok(Target {
            operators: ledger::operators(folder).await?,
            finality: ledger::finality(folder),
            fees: ledger::fees(folder),
        })
    }
}

impl Target {
    /// What a transaction offers now.
    ///
    /// # Errors
    /// When no node says what a block costs, where that matters.
    pub async fn fee(&self) -> anyhow::Result<Fee> {
        let base = match self.fees {
            FeePolicy::Fixed { .. } => None,
            FeePolicy::Market { .. } => {
                ledger::connect(&self.operators).await?.base_fee().await.map_err(ledger::refused)?
            }
        };
        Ok(self.fees.first(base))
    }
}

/// The key of an account on the chain.
#[derive(Debug, Clone, Args)]
pub struct ChainKeyArgs {
    /// Khoá của tài khoản trên sổ chung; thư mục demo có sẵn / Key of the account that acts (PEM); a demo folder has one
    #[arg(long, value_name = "FILE", requires = "chain_passphrase_file")]
    chain_key: Option<PathBuf>,
    /// Tệp có mật khẩu của khoá đó ở dòng đầu / File whose first line is that key's passphrase
    #[arg(long, value_name = "FILE", requires = "chain_key")]
    chain_passphrase_file: Option<PathBuf>,
}

impl ChainKeyArgs {
    /// The key; in a demonstration the administrator's, if no other is named. Whether there is a folder at all decides only
    /// whether example keys are taken.
    ///
    /// # Errors
    /// When it is missing or does not open.
    pub fn open(&self, context: &Context) -> anyhow::Result<Secp256k1Key> {
        if Folder::exists(&context.data_dir) {
            let folder = Folder::open(&context.data_dir)?;
            if self.chain_key.is_some() || folder.is_demo() {
                let (key, passphrase) = (self.chain_key.as_deref(), self.chain_passphrase_file.as_deref());
                return open_chain_key(&folder, "chain-admin", key, passphrase);
            }
        }
        let (Some(key), Some(passphrase)) = (&self.chain_key, &self.chain_passphrase_file) else {
            return Err(missing().into());
        };
        let mode = Mode::Production;
        Ok(Passphrase::read(passphrase, mode).and_then(|p| Secp256k1Key::open(key, &p, mode)).map_err(keystore)?)
    }

    /// The same as signer of a chain's transactions.
    ///
    /// # Errors
    /// When it is missing or does not open.
    pub fn signer(&self, context: &Context, chain: u64) -> anyhow::Result<Signer> {
        ledger::signer(&self.open(context)?, chain)
    }
}

/// Whether a successor says of the era before what the profile says of it.
///
/// # Errors
/// When it does not.
pub fn predecessor_fits(said: Option<&Predecessor>, era: &Era, closing: &Sha256Digest) -> Result<(), Failure> {
    if said.is_some_and(|p| (p.chain, p.contract, p.closing) == (era.chain, era.contract, *closing)) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Chain,
        "other_predecessor",
        words(
            "hợp đồng mới không nối tiếp sổ vừa khoá",
            "the new contract did not grow from the register that was closed",
        ),
    ))
}

fn missing() -> Failure {
    Failure::new(
        Exit::BadInput,
        "no_key",
        words("thiếu khoá của tài khoản trên sổ chung", "the key of the account on the chain is missing"),
    )
    .hint(words(
        "thêm --chain-key TỆP --chain-passphrase-file TỆP",
        "add --chain-key FILE --chain-passphrase-file FILE",
    ))
}
