//! Proxies from the environment variables that curl reads too: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, in
//! upper or lower case. None is used for a server on this host, which a proxy could not reach.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy, Url};
use std::env;

/// Addresses of this host, in the form of `NO_PROXY`.
const THIS_HOST: &str = "localhost,127.0.0.0/8,::1,0.0.0.0,::,::ffff:127.0.0.0/104";

/// A variable and its value, which may contain a password and is never shown whole.
struct Setting {
    variable: &'static str,
    value: String,
}

fn setting(variables: &[&'static str]) -> Option<Setting> {
    variables.iter().find_map(|&variable| {
        let value = env::var(variable).ok().filter(|value| !value.trim().is_empty())?;
        Some(Setting { variable, value })
    })
}

fn for_scheme(scheme: &str) -> Option<Setting> {
    match scheme {
        "http" => setting(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
        "https" => setting(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
        _ => None,
    }
}

fn not_for() -> String {
    let named = setting(&["NO_PROXY", "no_proxy"]).map(|setting| setting.value).unwrap_or_default();
    format!("{named},{THIS_HOST}")
}

/// Returns the proxies for a client. A variable with another kind of proxy, such as SOCKS, is ignored.
pub(super) fn configured() -> Vec<Proxy> {
    let no_proxy = NoProxy::from_string(&not_for());
    let usable = |setting: &Setting| {
        let scheme = setting.value.split_once("://").map_or("http", |(scheme, _)| scheme);
        matches!(scheme, "http" | "https")
    };
    let http = for_scheme("http").filter(usable).and_then(|setting| Proxy::http(setting.value).ok());
    let https = for_scheme("https").filter(usable).and_then(|setting| Proxy::https(setting.value).ok());
    http.into_iter().chain(https).map(|proxy| proxy.no_proxy(no_proxy.clone())).collect()
}

/// Returns the end of a message that names the proxy for this URL; empty if there is none.
pub(super) fn described(url: &Url) -> String {
    let (Some(setting), Ok(target)) = (for_scheme(url.scheme()), url.as_str().parse()) else { return String::new() };
    let intercept = |proxy: &str| Matcher::builder().all(proxy).no(not_for()).build().intercept(&target);
    if intercept("http://any.invalid").is_none() {
        return String::new();
    }
    let proxy = intercept(&setting.value);
    let proxy = proxy.as_ref().map(|proxy| (proxy.uri().scheme_str(), proxy.uri().authority()));
    let variable = setting.variable;
    match proxy {
        // Without the password that the variable may contain.
        Some((Some(scheme @ ("http" | "https")), Some(address))) => {
            format!(" (through the proxy {scheme}://{address} of {variable})")
        }
        _ => format!(" ({variable} is ignored: it is not an http or https proxy)"),
    }
}
