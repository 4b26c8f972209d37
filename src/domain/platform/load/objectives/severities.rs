//! Severities against each other: a worse one allows less time than a milder one.

use crate::platform::{Pack, load::Reading, period::in_words};

/// Severities stand from worst to mildest; a worse one may not allow more time. And nobody recovers before responding.
pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    for level in &pack.severities {
        if let (Some(respond), Some(recover)) = (level.respond_within, level.recover_within)
            && recover < respond
        {
            let message = format!(
                "`{}` must be recovered within {}, before anybody has to respond ({})",
                level.level,
                in_words(recover),
                in_words(respond)
            );
            let at = reading.remembered("severities", &level.level, "recover_within");
            reading.findings.warning(at, message, None);
        }
    }
    for pair in pack.severities.windows(2) {
        let [worse, milder] = pair else { continue };
        let limits = [
            ("respond_within", worse.respond_within, milder.respond_within),
            ("recover_within", worse.recover_within, milder.recover_within),
        ];
        for (key, of_worse, of_milder) in limits {
            if let (Some(long), Some(short)) = (of_worse, of_milder)
                && long > short
            {
                let message = format!(
                    "`{}` allows {} where the milder `{}` allows only {}",
                    worse.level,
                    in_words(long),
                    milder.level,
                    in_words(short)
                );
                let at = reading.remembered("severities", &worse.level, key);
                let help = "list severities from worst to mildest".to_owned();
                reading.findings.warning(at, message, Some(help));
            }
        }
    }
}
