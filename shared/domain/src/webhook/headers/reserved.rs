//! Header names that a webhook must not set.
//!
//! A receiver may trust what comes from Hooklane's addresses. So a tenant must not say there where a request
//! came from, who sent it, or what it really asks for: that is what proxies tell the servers behind them.
//! Every proxy has names of its own for it, so names are judged by their families and words.

/// Those of the connection (RFC 9110 §7.6.1, RFC 9113 §8.2.2), those that frame the body or change what
/// the request means, and those of proxies that belong to no family.
const NAMES: [&str; 28] = [
    "accept-encoding",
    "client-cert",
    "client-cert-chain",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "early-data",
    "expect",
    "front-end-https",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-endpoint-api-userinfo",
    "x-host",
    "x-jwt-assertion",
    "x-scheme",
    "x-tls-client",
    "x-uri",
    "x-url-scheme",
];

/// Families: what describes the body, and what proxies, clouds, gateways and networks in front of a server
/// add.
const PREFIXES: [&str; 38] = [
    "akamai-",
    "cf-",
    "cloudfront-",
    "content-",
    "fastly-",
    "fly-",
    "incap-",
    "proxy-",
    "sec-",
    "ssl-",
    "true-client-",
    "x-akamai-",
    "x-amz-",
    "x-amzn-",
    "x-apigateway-",
    "x-appengine-",
    "x-appgw-",
    "x-arr-",
    "x-auth-request-",
    "x-azure-",
    "x-client-",
    "x-cluster-",
    "x-envoy-",
    "x-goog-",
    "x-http-",
    "x-middleware-",
    "x-ms-client-",
    "x-nf-",
    "x-original-",
    "x-originating-",
    "x-proxyuser-",
    "x-real-",
    "x-remote-",
    "x-rewrite-",
    "x-ssl-",
    "x-sucuri-",
    "x-vercel-",
    "x-webauth-",
];

/// Words, between hyphens, of names that say where a request came from or what it is instead.
const WORDS: [&str; 14] = [
    "addr",
    "clientip",
    "forward",
    "forwarded",
    "forwarder",
    "forwarding",
    "ip",
    "ipaddr",
    "override",
    "realip",
    "remote",
    "remoteaddr",
    "remoteip",
    "xff",
];

/// Whether a webhook must not set this header, given in lower case with `-` for `_`.
pub(super) fn is_reserved(lower: &str) -> bool {
    NAMES.contains(&lower)
        || PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
        || lower.split('-').any(|word| WORDS.contains(&word))
}
