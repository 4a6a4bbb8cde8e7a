//! The two text formats of metrics: `OpenMetrics`, and the older one that all versions of Prometheus and `promtool`
//! read.

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header};
use actix_web::mime::Mime;
use std::collections::HashMap;

const OPENMETRICS: &str = "application/openmetrics-text";

/// A text format of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// Version 0.0.4.
    Prometheus,
}

impl Format {
    /// Chooses `OpenMetrics` for a client that names it and does not prefer plain text; else the older format.
    pub fn wanted(request: &HttpRequest) -> Self {
        let accepted = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
        let first = accepted.iter().map(Mime::essence_str).find(|kind| [OPENMETRICS, "text/plain"].contains(kind));
        if first == Some(OPENMETRICS) { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// Converts a text from `OpenMetrics` to this format.
    pub fn of(self, openmetrics: String) -> String {
        match self {
            Self::OpenMetrics => openmetrics,
            Self::Prometheus => older(&openmetrics),
        }
    }
}

/// Converts to the older format, in which HELP and TYPE name counters and infos as their samples do, infos are gauges,
/// and there are no UNIT and EOF lines.
fn older(openmetrics: &str) -> String {
    let types: HashMap<&str, &str> =
        openmetrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines() {
        let Some(about) = line.strip_prefix("# ") else {
            text.extend([line, "\n"]);
            continue;
        };
        let mut words = about.splitn(3, ' ');
        let (Some(keyword @ ("HELP" | "TYPE")), Some(name), rest) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let rest = rest.unwrap_or_default();
        let (suffix, kind) = match types.get(name) {
            Some(&"counter") => ("_total", "counter"),
            Some(&"info") => ("_info", "gauge"),
            _ => ("", rest),
        };
        let rest = if keyword == "TYPE" { kind } else { rest };
        text.extend(["# ", keyword, " ", name, suffix, " ", rest, "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_older_format_names_counters_and_infos_like_their_samples() {
        let text = "# HELP sent Sent things.\n# TYPE sent counter\nsent_total{by=\"# a\"} 1\n\
                    # HELP build The version.\n# TYPE build info\nbuild_info{version=\"1\"} 1\n\
                    # HELP took_seconds Time.\n# TYPE took_seconds gauge\n# UNIT took_seconds seconds\ntook_seconds 0.5\n# EOF\n";
        assert_eq!(
            older(text),
            "# HELP sent_total Sent things.\n# TYPE sent_total counter\nsent_total{by=\"# a\"} 1\n\
             # HELP build_info The version.\n# TYPE build_info gauge\nbuild_info{version=\"1\"} 1\n\
             # HELP took_seconds Time.\n# TYPE took_seconds gauge\ntook_seconds 0.5\n"
        );
    }

    #[test]
    fn openmetrics_is_sent_only_on_request() {
        let wanted =
            |accept: &str| Format::wanted(&TestRequest::default().insert_header(("Accept", accept)).to_http_request());
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                            text/plain;version=1.0.0;q=0.4,*/*;q=0.2";
        assert_eq!([prometheus_2, prometheus_3].map(wanted), [Format::OpenMetrics; 2]);
        let others =
            ["*/*", "text/plain", "text/html, */*;q=0.8", "text/plain, application/openmetrics-text;q=0.5", "a b;"];
        assert_eq!(others.map(wanted), [Format::Prometheus; 5]);
        assert_eq!(Format::wanted(&TestRequest::default().to_http_request()), Format::Prometheus);
    }
}
