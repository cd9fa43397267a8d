//! Where sources disagree about ConnectWise, or are silent: one switch each, so that a client is
//! tried both ways.

/// How wrong keys are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadCredentials {
    /// 401 with code `Unauthorized` and "Incorrect public/private key".
    #[default]
    Unauthorized,
    /// 401 with code `ConnectWiseApi` and `UserNotAuthenticated`.
    UserNotAuthenticated,
    /// 404, as reported of the cloud.
    NotFound,
}

/// What a PATCH of `types` or `typeIds` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PatchedTypes {
    /// 200, and nothing changes.
    #[default]
    Ignored,
    /// 400.
    Refused,
}

/// How forward-only paging ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastPage {
    /// The last page has `Link: <>; rel="next"`.
    #[default]
    EmptyTarget,
    /// The last page has no `Link`.
    NoLink,
    /// A page that is full always names a next one, which may be empty; that one has an empty
    /// target.
    EmptyPage,
}

/// All switches of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// An unknown login company answers 404 instead of 200 `null`.
    pub unknown_company_is_404: bool,
    /// A stale code base answers 400 in plain text instead of 404.
    pub stale_code_base_is_400: bool,
    /// How wrong keys are refused.
    pub bad_credentials: BadCredentials,
    /// The status for a missing or wrong `clientId`: 400, 401 or 403.
    pub client_id_status: u16,
    /// `/system/info` answers without keys, as reported of self-hosted instances.
    pub system_info_is_open: bool,
    /// The API member's role may read.
    pub may_read: bool,
    /// The API member's role may write.
    pub may_write: bool,
    /// How forward-only paging ends.
    pub last_page: LastPage,
    /// The first item of a kind becomes its default where none is marked.
    pub first_item_becomes_default: bool,
    /// A PATCH or PUT of an existing item's `defaultFlag` has an effect; else it answers 200 and
    /// changes nothing.
    pub default_flag_moves: bool,
    /// A contact that names a company and no site gets the company's primary site.
    pub primary_site_is_given: bool,
    /// A contact cannot be put at an inactive site.
    pub inactive_site_refused: bool,
    /// A contact cannot be put into an inactive company.
    pub inactive_company_refused: bool,
    /// An address that another active contact of the company has is refused.
    pub duplicate_email_refused: bool,
    /// What a PATCH of contact types does.
    pub patched_types: PatchedTypes,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            unknown_company_is_404: false,
            stale_code_base_is_400: false,
            bad_credentials: BadCredentials::default(),
            client_id_status: 401,
            system_info_is_open: false,
            may_read: true,
            may_write: true,
            last_page: LastPage::default(),
            first_item_becomes_default: false,
            default_flag_moves: true,
            primary_site_is_given: false,
            inactive_site_refused: false,
            inactive_company_refused: false,
            duplicate_email_refused: false,
            patched_types: PatchedTypes::default(),
        }
    }
}
