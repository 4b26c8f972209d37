//! The last lines of a pod's log.

use futures::AsyncReadExt;
use kube::{
    api::{GetParams, LogParams},
    core::Request,
};

use super::{
    access::Access,
    cause::{Failure, plain},
    interner::Interner,
    pods::{Phase, Pod},
};
use warroom_domain::text::{is_hidden, push_shown};
use warroom_host::clock;

/// The most lines that are asked for.
const MOST_LINES: u32 = 5000;
/// The most that is read; a line may be long.
const READ_BYTES: u64 = 8 << 20;
/// The most that is given back: the end of what was read.
const KEPT_BYTES: usize = 256 << 10;

/// Which log.
pub(super) struct Wanted<'a> {
    pub namespace: &'a str,
    pub pod: &'a str,
    pub container: Option<&'a str>,
    pub previous: bool,
    pub lines: u32,
}

/// The text, without control characters except line ends and tabs. The error is one sentence.
pub(super) async fn last_lines(access: &Access, wanted: &Wanted<'_>) -> Result<String, String> {
    let Wanted { namespace, pod, container, previous, lines } = *wanted;
    let params = LogParams {
        container: container.map(str::to_owned),
        previous,
        tail_lines: Some(i64::from(lines.clamp(1, MOST_LINES))),
        ..LogParams::default()
    };
    let request = Request::new(format!("/api/v1/namespaces/{namespace}/pods"))
        .logs(pod, &params)
        .map_err(|error| format!("cannot ask for the log of {pod}: {error}"))?;
    let body = match access.client.request_stream(request).await {
        Ok(body) => body,
        Err(error @ kube::Error::Api(_)) => {
            let waits = not_started(access, wanted).await;
            return Err(waits.unwrap_or_else(|| refusal(&error, access, wanted)));
        }
        Err(error) => return Err(refusal(&error, access, wanted)),
    };
    let mut bytes = Vec::new();
    body.take(READ_BYTES)
        .read_to_end(&mut bytes)
        .await
        .map_err(|_| format!("{} cut the connection in the middle of the log", access.server))?;
    // The API server answers with nothing for a pod that no node has taken.
    let waits = if bytes.is_empty() { not_started(access, wanted).await } else { None };
    waits.map_or_else(|| Ok(readable(&bytes)), Err)
}

/// Why a pod has not started, and so has no log. None when it has, and when that cannot be found out.
async fn not_started(access: &Access, wanted: &Wanted<'_>) -> Option<String> {
    let Wanted { namespace, pod, .. } = *wanted;
    let request = Request::new(format!("/api/v1/namespaces/{namespace}/pods")).get(pod, &GetParams::default()).ok()?;
    let body = access.client.request_stream(request).await.ok()?;
    let mut bytes = Vec::new();
    body.take(READ_BYTES).read_to_end(&mut bytes).await.ok()?;
    let seen = Pod::read(serde_json::from_slice(&bytes).ok()?, None, &mut Interner::default(), clock::now());
    (seen.phase == Phase::Pending).then(|| {
        let because = seen.message.map(|message| format!(": {message}")).unwrap_or_default();
        format!("{pod} has not started: {}{because}", seen.status)
    })
}

fn refusal(error: &kube::Error, access: &Access, wanted: &Wanted<'_>) -> String {
    let Wanted { namespace, pod, previous, .. } = *wanted;
    let kube::Error::Api(status) = error else { return Failure::of_client(error, &access.server).sentence };
    let said = plain(&status.message, 240);
    match status.code {
        401 => format!("unauthorized: {} does not accept the credentials of the kube context", access.server),
        403 => format!("forbidden: may not get pods/log in namespace {namespace}"),
        404 => format!("there is no pod {pod} in namespace {namespace} any more"),
        400 if previous && said.contains("previous terminated container") => {
            format!("{pod} has not been restarted: there is no log before this one")
        }
        // "a container name must be specified for pod x, choose one of: [a b]", "… is waiting to start: …"
        400 => said,
        code => format!("{} answers {code} to the log of {pod}: {said}", access.server),
    }
}

/// What may stand on a screen of the last [`KEPT_BYTES`]: escape sequences are taken out, other hidden characters
/// shown as such.
fn readable(bytes: &[u8]) -> String {
    let mut start = bytes.len().saturating_sub(KEPT_BYTES);
    if start > 0 {
        // From the next whole line on.
        start += bytes[start..].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    }
    let text = String::from_utf8_lossy(&bytes[start..]);
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => clean.push(c),
            '\u{1b}' => skip_escape(&mut chars),
            // A terminal shows nothing of these either.
            c if c.is_ascii_control() => {}
            c if is_hidden(c) => push_shown(&mut clean, c),
            c => clean.push(c),
        }
    }
    clean
}

/// Skips the rest of an escape sequence (ECMA-48): CSI to its final byte, OSC and its like to their terminator.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next_if(|c| ('\u{20}'..='\u{7e}').contains(c)) {
        Some('[') => {
            while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
            let _ = chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        Some(']' | 'P' | '_' | '^' | 'X') => {
            // A sequence that never ends must not swallow the log.
            while let Some(c) = chars.next_if(|c| *c != '\n') {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_pod_prints_can_move_the_cursor() {
        assert_eq!(readable(b"\x1b[31mERROR\x1b[0m no\tdb\r\n\x1b]0;title\x07next\x08\n"), "ERROR no\tdb\nnext\n");
        assert_eq!(readable(b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n"), "link\n");
        assert_eq!(readable(b"\x1b]never ends\nsecond\n"), "\nsecond\n");
        assert_eq!(readable(b"\xff\xfe\n"), "\u{fffd}\u{fffd}\n");
    }

    #[test]
    fn a_long_log_is_cut_at_its_start() {
        let long = "0123456789\n".repeat(60_000);
        let kept = readable(long.as_bytes());
        assert!(kept.len() <= KEPT_BYTES && kept.len() > KEPT_BYTES - 20);
        assert!(kept.starts_with("0123456789\n"));
    }
}
