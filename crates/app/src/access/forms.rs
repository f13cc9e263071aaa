//! Forms whose work is done once, however often they are sent.

use hocba_record::encoding::Sha256Digest;
use hocba_store::retrying;

use super::{AccessError, Session};
use crate::App;

impl App {
    /// Takes a form of a session: whether it comes for the first time. `action` is where it goes, `id` names one rendering
    /// of it.
    ///
    /// In a transaction of its own, before the form's work: a crash between the two leaves a form that does nothing, and a
    /// person who looks whether it was done. The other way round, it could be done twice.
    ///
    /// # Errors
    /// The database's.
    pub async fn use_form(&self, session: &Session, action: &str, id: &str) -> Result<bool, AccessError> {
        let hash = Sha256Digest::of(format!("{}\n{action}\n{id}", session.id).as_bytes());
        let now = self.edges().now();
        retrying(|| async {
            let mut tx = self.store().begin("use_form").await?;
            let first = tx.use_form(&hash, now, session.expires_at).await?;
            tx.commit().await?;
            Ok(first)
        })
        .await
    }
}
