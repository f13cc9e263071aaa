//! Keys that everybody knows.

/// An account with money on every chain started here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// `0x` and forty hex digits.
    pub address: &'static str,
    /// The secret key, 64 hex digits. **Public**: it controls nothing but test chains.
    pub secret: &'static str,
}

/// The first accounts of the mnemonic "test test test test test test test test test test test junk", which Foundry and
/// Hardhat give to every developer. Nobody takes them for anything but test keys.
pub const ACCOUNTS: [Account; 4] = [
    Account {
        address: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        secret: "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    },
    Account {
        address: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        secret: "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    },
    Account {
        address: "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        secret: "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    },
    Account {
        address: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
        secret: "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    },
];

/// The sealers, in the order of their addresses, as Clique takes turns: the eighth and ninth of the same mnemonic.
pub(crate) const SEALERS: [Account; 2] = [
    Account {
        address: "0x23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
        secret: "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    },
    Account {
        address: "0xa0ee7a142d267c1f36714e4a8f75612f20a79720",
        secret: "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
    },
];

/// By what nodes know each other: secret key, and public key without its leading `04`. Of the same mnemonic.
pub(crate) const NODES: [(&str, &str); 3] = [
    (
        "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
        "37b84de6947b243626cc8b977bb1f1632610614842468dfa8f35dcbbc55a515e\
         47f6fe259cffc671a719eaef444a0d689b16a90051985a13661840cf5e221503",
    ),
    (
        "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
        "9a4ab212cb92775d227af4237c20b81f4221e9361d29007dfc16c79186b577cb\
         6ba3f1b582ad0b5572c93f47e7506d66df7f2af05fa1828de0e511aac7b97828",
    ),
    (
        "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
        "01f2bf1fa920e77a43c7aec2587d0b3814093420cc59a9b3ad66dd5734dda7be\
         6f8b7de790eac3a720fd8e4bcb9eae9434f843d3cec111d9e07adeddeae090f2",
    ),
];
