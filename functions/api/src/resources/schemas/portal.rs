use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a link to the portal permits, and how the portal looks.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "scope": "manage",
    "returnUrl": "https://shop.example/settings",
    "theme": {"mode": "system", "accent": "#0a5a76", "name": "Fernhill", "font": "humanist"},
    "locale": "en-GB",
    "timeZone": "Europe/Berlin",
}))]
pub(crate) struct NewPortalLink {
    scope: PortalScope,
    /// Where the portal's link back leads. `https://`, or `http://` on localhost.
    #[schema(max_length = 512, example = "https://shop.example/settings")]
    return_url: Option<String>,
    theme: Option<PortalTheme>,
    /// How numbers and times are written; the words stay English.
    #[schema(pattern = "^[A-Za-z]{2,3}(-([A-Za-z]{2}|[0-9]{3}))?$", example = "en-GB")]
    locale: Option<String>,
    /// The IANA name of the time zone in which times are shown; UTC if omitted.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<String>,
}

/// `read` shows webhooks and deliveries, with what may be a token in an address masked. `manage` also changes
/// them, shows secrets, sends tests, retries and cancels.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PortalScope {
    Read,
    Manage,
}

/// How the portal looks.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "mode": "system", "accent": "#0a5a76", "name": "Fernhill", "font": "humanist",
    "logo": "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDMiLz4=",
}))]
pub(crate) struct PortalTheme {
    /// Light or dark; as the reader's system has it if omitted.
    mode: Option<PortalMode>,
    /// The colour of links and main buttons on a light ground. Refused if text in it could not be read there.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#0a5a76")]
    accent: Option<String>,
    /// The same on a dark ground.
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#83cbe4")]
    accent_dark: Option<String>,
    /// Shown in place of Hooklane's name.
    #[schema(min_length = 1, max_length = 40, example = "Fernhill")]
    name: Option<String>,
    /// Shown in place of the name, which is then required and read out. A PNG or an SVG of at most 32 KiB as a `data:`
    /// URL, without scripts. Without `logoDark` it stands on white in the dark scheme.
    #[schema(
        pattern = "^data:image/(png|svg[+]xml);base64,",
        max_length = 43_800,
        example = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDMiLz4="
    )]
    logo: Option<String>,
    /// The logo on a dark ground. It needs a `logo` beside it, and may be the same.
    #[schema(
        pattern = "^data:image/(png|svg[+]xml);base64,",
        max_length = 43_800,
        example = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA5IDMiLz4="
    )]
    logo_dark: Option<String>,
    /// A kind of font; the reader's system has it, and no page asks for one.
    font: Option<PortalFont>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PortalFont {
    System,
    Grotesque,
    Humanist,
    Geometric,
    Rounded,
    Serif,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PortalMode {
    System,
    Light,
    Dark,
}
