//! `init`: begins a data folder, for a demonstration or for a school.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hocba_app::Actor;
use hocba_bundle::{
    facts::{Address, IssuerCode},
    profile::OpenProfile,
};
use hocba_record::types::SchoolCode;
use hocba_signature::policy::SigningMode;
use hocba_store::{DatabaseUrl, model::School};
use serde_json::json;

use super::Context;
use crate::{
    demo,
    edge::read_input,
    error::{Exit, Failure},
    folder::{ChainConfig, Config, DatabaseConfig, Folder, PROFILE},
    ledger,
    output::words,
    site::{Site, app_failure},
};

/// How signers cover records.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Signing {
    /// Từng học bạ / Each record
    #[default]
    Each,
    /// Cả danh sách, khi token chậm hoặc tính tiền từng chữ ký / A list, for slow tokens and billed signatures
    List,
}

impl From<Signing> for SigningMode {
    fn from(signing: Signing) -> Self {
        match signing {
            Signing::Each => Self::Each,
            Signing::List => Self::List,
        }
    }
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Để dùng thử: khoá mẫu, sổ chung thử nghiệm / A demonstration: example keys, a development chain
    #[arg(long, conflicts_with_all = ["school", "issuer", "chain_id", "contract", "rpc", "profile", "database"])]
    demo: bool,
    /// Mã trường / School's code
    #[arg(long, required_unless_present = "demo")]
    school: Option<SchoolCode>,
    /// Mã của sở khi ghi sổ chung / Code the department anchors under
    #[arg(long, required_unless_present = "demo")]
    issuer: Option<IssuerCode>,
    /// Mã mạng / EIP-155 chain id
    #[arg(long, required_unless_present = "demo")]
    chain_id: Option<u64>,
    /// Địa chỉ hợp đồng / Address of the contract
    #[arg(long, required_unless_present = "demo")]
    contract: Option<Address>,
    /// Địa chỉ nút mạng / JSON-RPC address of a node
    ///
    /// Bỏ qua thì hỏi các nơi vận hành trong danh sách nơi cấp, đủ số nói giống nhau mới tin / Without it the operators of
    /// the trust profile are asked, and believed when enough of them say the same.
    #[arg(long, value_name = "URL")]
    rpc: Option<String>,
    /// Số khối phía trên để một khối coi là chắc chắn; 0 với QBFT, IBFT / Blocks on top that make one settled
    #[arg(long, value_name = "BLOCKS", default_value_t = 0)]
    confirmations: u64,
    /// Khối tạo hợp đồng / The contract was not there before this block
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    since: u64,
    /// Cơ sở dữ liệu, nếu không phải tệp trong thư mục / The database, if not a file here: postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL")]
    database: Option<DatabaseUrl>,
    /// Ký từng học bạ, hay một chữ ký cho cả danh sách / A signature for each record, or one for a whole list
    #[arg(long, value_enum, default_value_t)]
    signing: Signing,
    /// Danh sách nơi cấp được công nhận, của sở / The department's trust profile
    #[arg(long, value_name = "FILE", required_unless_present = "demo")]
    profile: Option<PathBuf>,
}

async fn begin(folder: Folder, school: School, context: &Context) -> anyhow::Result<()> {
    demo::begin_database(&folder).await?;
    let site = Site::open(folder).await?;
    let added = site.app.add_school(&Actor::LocalOperator, &school).await;
    Ok(added.map_err(|e| app_failure(&e, context.out.lang))?)
}

/// `init`.
///
/// # Errors
/// When a folder is there already.
pub fn run(context: &Context, args: InitArgs) -> anyhow::Result<Exit> {
    match (args.school, args.issuer, args.chain_id, args.contract, args.profile) {
        (Some(school), Some(issuer), Some(chain), Some(contract), Some(profile)) => {
            let bytes = read_input(&profile, hocba_bundle::profile::MAX_PROFILE_BYTES)?;
            let publisher = OpenProfile::publisher_of(&bytes).map_err(|e| {
                let name = profile.display();
                Failure::new(
                    Exit::BadInput,
                    "profile",
                    words(
                        format!("{name} không phải danh sách nơi cấp: {e}"),
                        format!("{name} is no trust profile: {e}"),
                    ),
                )
            })?;
            if let Some(url) = &args.rpc {
                ledger::http(url)?;
            }
            let chain = ChainConfig::Network {
                chain,
                contract,
                gas_price: 0,
                fees: None,
                confirmations: args.confirmations,
                since: args.since,
                url: args.rpc,
                operators: Vec::new(),
                quorum: None,
                past: Vec::new(),
            };
            let database = args.database.map(|url| DatabaseConfig { url: Some(url), ..DatabaseConfig::default() });
            let config = Config { database, ..Config::new(false, chain, args.signing.into()) };
            let folder = Folder::create(&context.data_dir, config)?;
            folder.write(PROFILE, &bytes)?;
            ledger::runtime()?.block_on(begin(folder, School { code: school, issuer }, context))?;
            context.out.note(&words(
                format!("danh sách nơi cấp do {publisher} phát hành; đối chiếu mã này với sở"),
                format!("the trust profile is published by {publisher}; compare this with the department"),
            ));
        }
        _ => {
            ledger::runtime()?.block_on(demo::init(&context.data_dir, args.signing.into()))?;
        }
    }
    let name = context.data_dir.display();
    context.out.say(&words(
        format!("Đã tạo thư mục dữ liệu {name}. Tiếp theo: hocba template"),
        format!("Made the data folder {name}. Next: hocba template"),
    ));
    context.out.document(&json!({ "command": "init", "ok": true, "data_dir": context.data_dir }));
    Ok(Exit::Ok)
}
