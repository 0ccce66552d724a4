//! `/api/version`: whose answers the lookups give.

use filedex_query::Document;

use crate::endpoint::Endpoints;

impl Endpoints {
    /// What clients of Zipline ask of a server's version. Nobody is asked whether there is a newer one.
    pub fn version(&self) -> Document {
        let version = self.options.zipline_version.as_str();
        let tag = format!("v{version}");
        let named = Document::new().with("tag", tag.as_str());
        let data = Document::new()
            .with("isUpstream", false)
            .with("isRelease", true)
            .with("isLatest", true)
            .with("version", named.clone().with("sha", "").with("url", ""))
            .with("latest", named.with("url", ""));
        let details =
            Document::new().with("version", version).with("sha", filedex_query::Value::Null);
        Document::new().with("data", data).with("details", details)
    }
}
