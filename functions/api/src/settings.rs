use hooklane_aws::letters::{ErrandUrls, LetterUrls};
use hooklane_aws::settings::{self, DEFAULT_CATALOG, DEFAULT_CONTRACT, InvalidSetting, one_of};
use hooklane_catalog::Catalogs;
use hooklane_contract::Contracts;
use hooklane_domain::access::quotas::Quotas;
use hooklane_domain::access::tenant::TenantDefaults;
use hooklane_domain::sources::SourceAddresses;
use hooklane_domain::webhook::network::NetworkRules;
use hooklane_sender::TrustedCas;

/// The settings of `api`, which `template.yaml` provides as environment variables.
#[derive(Debug, Clone)]
pub struct Settings {
    pub registry_table: String,
    pub ledger_table: String,
    pub operator_key_secret: String,
    pub token_key_secret: String,
    pub data_key_secret: String,
    pub event_queue: String,
    pub delivery_queue: String,
    pub retry_queue: String,
    pub dead_letter_queues: LetterUrls,
    pub retention_days: u16,
    pub rate_limit: u32,
    pub quotas: Quotas,
    pub defaults: TenantDefaults,
    pub network: NetworkRules,
    pub trusted_cas: TrustedCas,
    pub sources: SourceAddresses,
    /// The address under which people reach the portal, without a slash at its end.
    pub portal_origin: String,
}

impl Settings {
    pub fn read() -> Result<Self, InvalidSetting> {
        Ok(Self {
            registry_table: settings::text("REGISTRY_TABLE")?,
            ledger_table: settings::text("LEDGER_TABLE")?,
            operator_key_secret: settings::text("OPERATOR_KEY_SECRET")?,
            token_key_secret: settings::text("TOKEN_KEY_SECRET")?,
            data_key_secret: settings::text("DATA_KEY_SECRET")?,
            event_queue: settings::text("EVENT_QUEUE_URL")?,
            delivery_queue: settings::text("DELIVERY_QUEUE_URL")?,
            retry_queue: settings::text("RETRY_QUEUE_URL")?,
            dead_letter_queues: LetterUrls {
                events: settings::text("EVENT_DEAD_LETTER_QUEUE_URL")?,
                fanout: settings::text("FANOUT_DEAD_LETTER_QUEUE_URL")?,
                stats: settings::text("STATS_DEAD_LETTER_QUEUE_URL")?,
                deliveries: settings::text("DELIVERY_DEAD_LETTER_QUEUE_URL")?,
                upkeep: settings::text("UPKEEP_DEAD_LETTER_QUEUE_URL")?,
            },
            rate_limit: settings::parse("API_RATE_LIMIT")?,
            quotas: settings::quotas()?,
            defaults: settings::tenant_defaults()?,
            retention_days: settings::parse("RETENTION_DAYS")?,
            network: settings::network_rules()?,
            trusted_cas: settings::parse_or_empty("TRUSTED_TARGET_CAS")?,
            sources: settings::source_addresses()?,
            portal_origin: settings::text("PORTAL_ORIGIN")?.trim_end_matches('/').to_owned(),
        })
    }

    /// Where dead letters are sent again.
    /// The queues on the way of events.
    #[must_use]
    pub fn errand_queues(&self) -> ErrandUrls {
        ErrandUrls {
            events: self.event_queue.clone(),
            delivery: self.delivery_queue.clone(),
            retry: self.retry_queue.clone(),
        }
    }

    /// These settings, if this build has the contract and the catalog that they name.
    pub fn known_in(
        self,
        contracts: &Contracts,
        catalogs: &Catalogs,
    ) -> Result<Self, InvalidSetting> {
        check(&self.defaults, contracts, catalogs)?;
        Ok(self)
    }
}

fn check(
    defaults: &TenantDefaults,
    contracts: &Contracts,
    catalogs: &Catalogs,
) -> Result<(), InvalidSetting> {
    one_of(DEFAULT_CONTRACT, &defaults.contract, contracts.names())?;
    let named = defaults.catalog.as_ref();
    named.map_or(Ok(()), |catalog| one_of(DEFAULT_CATALOG, catalog, catalogs.names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_that_this_build_lacks_are_refused_in_one_line_that_says_what_there_is() {
        let contracts = hooklane_bundled_contracts::load();
        let catalogs = hooklane_bundled_catalogs::load();
        let checked = |contract: &str, catalog: Option<&str>| {
            let catalog = catalog.map(|name| name.parse().unwrap());
            let defaults = TenantDefaults { contract: contract.parse().unwrap(), catalog };
            check(&defaults, &contracts, &catalogs).map_err(|error| error.to_string())
        };
        for contract in contracts.names() {
            assert_eq!(checked(contract.as_str(), None), Ok(()), "{contract}");
        }
        for catalog in catalogs.names() {
            assert_eq!(checked("standard", Some(catalog.as_str())), Ok(()), "{catalog}");
        }
        assert_eq!(
            checked("nonsense", None).unwrap_err(),
            "the setting DEFAULT_CONTRACT is invalid: must be one of aegisx, cloudevents, github, ops-center, \
             prism, standard, stripe, task-hub, virtual-queue, virtual-queue-hex, not nonsense"
        );
        assert_eq!(
            checked("standard", Some("shop")).unwrap_err(),
            "the setting DEFAULT_CATALOG is invalid: must be one of aegisx, default, hooklane, ops-center, prism, \
             task-hub, virtual-queue, not shop"
        );
    }
}
