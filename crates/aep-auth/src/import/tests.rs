//! Bytes from anywhere: no panic, no secret in what is said, a hint with every refusal, and an end in time.

use std::io::{Cursor, Write as _};
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The files that the stories import too.
fn files() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/import-cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// What holds for all bytes; gives what was found.
fn check(bytes: &[u8]) -> Option<Found> {
    let shown = match read(bytes) {
        Ok(found) => {
            assert!(!found.candidates.is_empty());
            return Some(found);
        }
        Err(error) => {
            assert!(error.hint().is_some(), "no hint: {error}");
            format!("{error:?}")
        }
    };
    assert!(!shows_a_secret(&shown), "{shown}");
    None
}

fn shows_a_secret(text: &str) -> bool {
    text.contains("p8e-Yw7") || text.contains("s8e-Qm5")
}

#[test]
fn the_files_as_they_stand() {
    let found: Vec<Found> = files().iter().filter_map(|bytes| check(bytes)).collect();
    // A file that is broken may well have its secret where a scope should be; one that is whole has not.
    assert!(found.iter().all(|found| !shows_a_secret(&format!("{found:?}"))));
    let whole = found.iter().filter(|found| found.candidates[0].is_whole()).count();
    assert!(whole > 45, "{whole}");
}

fn archive() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (index, bytes) in files().iter().take(3).enumerate() {
        writer.start_file(format!("{index}"), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(words in prop::collection::vec(prop::sample::select(&[
        "CLIENT_ID", "client_secret", "org", "a", "é", ": ", "=", "[", "]", "{", "}", "\"", "'", "'''", "\n", ",", "#",
        "- ", "&a ", "*a", "|\n", "\\", "\\u", "//", "/*", "*/", "\t", "---\n", "true", "1", "-----BEGIN PRIVATE KEY-----",
        "/s/", "https://", "@AdobeOrg", "AIO_ims_contexts_", "__", "\0", "\u{feff}", "? ", "! ", "%", "<<", ">",
    ][..]), 0..60)) {
        check(words.concat().as_bytes());
    }

    #[test]
    fn no_mutation_makes_it_panic(
        file in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, any::<[u8; 2]>()), 1..6),
    ) {
        let files = files();
        let mut bytes = file.get(&files).clone();
        for (at, length, put) in cuts {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, put.map(|byte| byte & 0x7f));
        }
        check(&bytes);
    }

    #[test]
    fn no_archive_makes_it_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = archive();
        for (at, byte) in cuts {
            *at.get_mut(&mut bytes) = byte;
        }
        check(&bytes);
    }
}

/// The time that hostile files cost grows with their length and hardly faster.
#[test]
fn large_files_end_soon() {
    let fill = |unit: &str| unit.repeat(MOST_BYTES / 8 / unit.len());
    for text in [
        fill("["),
        fill("{a:"),
        fill("{\"a\":"),
        format!("{{{}", fill("a:1,")),
        format!("{{{}", fill("a:'',")),
        format!("{{{}", fill("a:/")),
        format!("{{a: {}", fill("\n'''")),
        fill("CLIENT_ID=a\n"),
        fill("A='\n"),
        fill("A=[\n"),
        fill("A=\"\\\""),
        fill("- "),
        fill("? "),
        fill("a: &a b\nb: *a\n---\n"),
        format!("a: {}", fill("[{")),
        format!("[{}]", fill("{\"client_id\":\"a\"},").trim_end_matches(',')),
        format!("{{\"client_id\":\"{}\"}}", fill("a")),
        format!("{{\"{}\":\"a\"}}", fill("client_id")),
        fill("aA"),
        fill("A_CLIENT_ID_1=[x]\n"),
        fill("\"'"),
        (0..2400).map(|index| format!("X{index}_CLIENT_ID=a\nX{index}_CLIENT_SECRET=b\n")).collect(),
    ] {
        let start = std::time::Instant::now();
        check(text.as_bytes());
        assert!(start.elapsed().as_secs() < 10, "{}…: {:?}", &text[..12], start.elapsed());
    }
}

const ID: &str = "a64f5f10849a410a97ffdac8ae1eae0e";
const SECRET: &str = "p8e-Yw7vZq_dK3sR-9uT2xLmN4bC6fH8jE1a";
const ORG: &str = "745F37C35E4B776E0A49421B@AdobeOrg";

/// Reads a text with `@I`, `@S` and `@O` for what is above.
fn read_text(text: &str) -> Result<Found> {
    read(text.replace("@I", ID).replace("@S", SECRET).replace("@O", ORG).as_bytes())
}

/// The client id, secrets and organization of the one that is taken; `None` where none would be.
fn taken(text: &str) -> Option<(String, Vec<String>, Option<String>)> {
    let one = read_text(text).ok()?.candidates.into_iter().next().filter(Candidate::is_whole)?;
    let secrets = one.client_secrets.iter().map(|secret| secret.expose().to_owned()).collect();
    Some((one.client_id, secrets, one.org_id))
}

#[track_caller]
fn is_taken(text: &str) {
    assert_eq!(taken(text), Some((ID.to_owned(), vec![SECRET.to_owned()], Some(ORG.to_owned()))), "{text}");
}

/// What names its owner by nothing but common words is taken only with a value of Adobe's.
#[test]
fn credentials_of_others_are_refused() {
    for text in [
        r#"{"client_id":"764086051850-x.apps.googleusercontent.com","client_secret":"d-FL95","refresh_token":"1//x","type":"authorized_user"}"#,
        "CLIENT_ID=1-x.apps.googleusercontent.com\nCLIENT_SECRET=GOCSPX-x\nORG_ID=@O",
        r#"{"clientId":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","clientSecret":"abc~Q","subscriptionId":"x","tenantId":"y"}"#,
        "CLIENT_ID=6f9619ff-8b86-d011-b42d-00cf4fc964ff\nCLIENT_SECRET=abc\nTENANT_ID=6f9619ff-8b86-d011-b42d-00cf4fc964f0",
        r#"{"client_id":"0oa1abcd2EFGhij3k4l5","client_secret":"abc","org_id":"00o1gjSGHE","scopes":["okta.users.read"]}"#,
        "API_KEY=sk-proj-abc\nORG_ID=org-abc\nCLIENT_SECRET=xx",
        r#"{"API_KEY":"sk-proj-abc","ORG_ID":"org-abc","CLIENT_SECRET":"xx"}"#,
        r#"{"client_id":"amzn1.application-oa2-client.abc","client_secret":"amzn1.oa2-cs.v1.abc"}"#,
        r#"{"client_id":"7abcdefghijklmnopqrstuvwx1","client_secret":"abc","domain":"x.auth.eu-west-1.amazoncognito.com","scopes":["openid"]}"#,
        "client_id=3MVG9abc\nclient_secret=1234\nusername=u@x\npassword=p",
        r#"{"client_id":"abc=","client_secret":"def=","account":"xy12345","scope":"session:role:R"}"#,
        "WORKFRONT_CLIENT_ID=@I\nWORKFRONT_CLIENT_SECRET=0123456789abcdef0123456789abcdef",
        "ADOBE_SIGN_CLIENT_ID=CBJCHBCAABAA\nADOBE_SIGN_CLIENT_SECRET=abcdefgh",
        "CLIENT_ID=123456789012345678\nCLIENT_SECRET=abc",
        "ADOBE_SIGN_CLIENT_ID=x\nADOBE_SIGN_CLIENT_SECRET=y",
        "ANALYTICS_CLIENT_ID=6f9619ff-8b86-d011-b42d-00cf4fc964ff\nANALYTICS_CLIENT_SECRET=abc",
        "CLIENT_ID=6f9619ff-8b86-d011-b42d-00cf4fc964ff\nCLIENT_SECRET=abc\nHUBSPOT_SCOPES=crm",
        r#"{"client_id":"@I","client_secret":"abc","scope":"user-read-email"}"#,
        "CLIENT_ID=@I\nCLIENT_SECRET=0123456789abcdef0123456789abcdef",
        "API_KEY=abc\nAPI_KEY_SECRET=def\nCLIENT_ID=x\nCLIENT_SECRET=y",
        r#"{"name":"E","values":[{"key":"client_id","value":"x"},{"key":"client_secret","value":"y"}]}"#,
        r#"{"clientID":"x","clientSecret":"y"}"#,
    ] {
        let found = read_text(text);
        assert!(found.is_err_and(|error| error.hint().is_some()), "{text}");
    }
    for (text, id) in [
        ("CLIENT_ID=x\nCLIENT_SECRET=@S", "x"),
        ("CLIENT_ID=x\nCLIENT_SECRET=y\nORG_ID=@O", "x"),
        ("CLIENT_ID=x\nCLIENT_SECRET=y\nSCOPES=openid,AdobeID", "x"),
        ("ADOBE_CLIENT_ID=x\nADOBE_CLIENT_SECRET=y", "x"),
        (
            "ADOBE_CLIENT_ID=6f9619ff-8b86-d011-b42d-00cf4fc964ff\nADOBE_CLIENT_SECRET=y",
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        ),
        ("CLIENT_ID=@I\nCLIENT_SECRET=6f9619ff-8b86-d011-b42d-00cf4fc964ff", ID),
        (r#"{"client_id":"x","client_secret":"y","org_id":"@O","scopes":["commerce.accs"]}"#, "x"),
        (r#"{"CLIENT_ID":"x","CLIENT_SECRETS":["y"],"ORG_ID":"745F37C35E4B776E0A49421B"}"#, "x"),
    ] {
        assert_eq!(taken(text).map(|one| one.0).as_deref(), Some(id), "{text}");
    }
}

#[test]
fn adobes_credential_is_taken_whatever_stands_beside_it() {
    let adobes = "ADOBE_CLIENT_ID=@I\nADOBE_CLIENT_SECRET=@S\n";
    for others in [
        "CLIENT_ID=77abcdef\nCLIENT_SECRET=WPLxyz\n",
        "CLIENT_ID=1-x.apps.googleusercontent.com\nCLIENT_SECRET=GOCSPX-x\n",
        "CLIENT_ID=6f9619ff-8b86-d011-b42d-00cf4fc964ff\nCLIENT_SECRET=abc\nTENANT_ID=x\n",
        "API_KEY=sk-proj-abc\nSECRET=x\nSPOTIFY_CLIENT_ID=@I\nSPOTIFY_CLIENT_SECRET=y\n",
    ] {
        for org in ["ADOBE_ORG_ID=@O\n", "ORG_ID=@O\n"] {
            is_taken(&format!("{others}{adobes}{org}"));
            is_taken(&format!("{adobes}{others}{org}"));
        }
    }
    let beside = r#"{"a":{"client_id":"x","client_secret":"y","org_id":"@O"},"z":{"client_id":"@I","client_secret":"@S","org_id":"@O"}}"#;
    is_taken(beside);
    assert_eq!(read_text(beside).unwrap().candidates.len(), 2, "the other one must be named");
}

#[test]
fn commands_are_read_as_their_shell_does() {
    for text in [
        "set ADOBE_CLIENT_ID=@I\r\nset \"ADOBE_CLIENT_SECRET=@S\"\r\nset ADOBE_ORG_ID=@O\r\n",
        "set \"ADOBE_CLIENT_ID=@I\"\r\nset \"ADOBE_CLIENT_SECRET=@S\"\r\nset \"ADOBE_ORG_ID=@O\"\r\n",
        "export \"ADOBE_CLIENT_ID=@I\"\nexport 'ADOBE_CLIENT_SECRET=@S'\nexport 'ADOBE_ORG_ID=@O'",
        "export ADOBE_CLIENT_ID=@I;\nexport ADOBE_CLIENT_SECRET=@S;\nexport ADOBE_ORG_ID=@O;",
        "set ADOBE_CLIENT_ID=@I&& set ADOBE_CLIENT_SECRET=@S&& set ADOBE_ORG_ID=@O",
        "ADOBE_CLIENT_ID=@I && ADOBE_CLIENT_SECRET='@S'&&ADOBE_ORG_ID=@O",
        "ADOBE_CLIENT_ID=$'@I'\nADOBE_CLIENT_SECRET=$'@S'\nADOBE_ORG_ID=$'@O'",
        "ADOBE_CLIENT_ID=`@I`\nADOBE_CLIENT_SECRET=`@S`\nADOBE_ORG_ID=`@O`",
        "ADOBE_CLIENT_ID=@I,\nADOBE_CLIENT_SECRET=@S,\nADOBE_ORG_ID=@O,",
        "$env:ADOBE_CLIENT_ID = '@I'\n[Environment]::SetEnvironmentVariable('ADOBE_CLIENT_SECRET','@S','User')\n$env:ADOBE_ORG_ID = '@O'",
        "[Environment]::SetEnvironmentVariable('ADOBE_CLIENT_ID', '@I')\n[Environment]::SetEnvironmentVariable('ADOBE_CLIENT_SECRET', '@S')\n[Environment]::SetEnvironmentVariable('ADOBE_ORG_ID', '@O')",
        "const CLIENT_ID = \"@I\";\nconst CLIENT_SECRET = \"@S\";\nconst ORG_ID = \"@O\";",
        "adobe.client-id : @I\nadobe.client-secret = @S\nadobe.org-id=@O",
    ] {
        is_taken(text);
    }
}

#[test]
fn values_in_lists_and_in_other_values_are_read() {
    for text in [
        "base: &b\n  org_id: @O\n  client_id: @I\nprod:\n  <<: *b\n  client_secret: @S\n",
        "kind: ConfigMap\ndata:\n  ADOBE_CLIENT_ID: @I\n  ADOBE_ORG_ID: @O\n---\nkind: Secret\nstringData:\n  ADOBE_CLIENT_SECRET: @S\n",
        "kind: Secret\ndata:\n  ADOBE_CLIENT_ID: YTY0ZjVmMTA4NDlhNDEwYTk3ZmZkYWM4YWUxZWFlMGU=\nstringData:\n  ADOBE_CLIENT_SECRET: @S\n  ADOBE_ORG_ID: @O\n",
        "kind: Secret\nstringData:\n  .env: |\n    ADOBE_CLIENT_ID=@I\n    ADOBE_CLIENT_SECRET=@S\n    ADOBE_ORG_ID=@O\n",
        r#"[{"name":"ADOBE_CLIENT_ID","value":"@I"},{"name":"ADOBE_CLIENT_SECRET","value":"@S"},{"name":"ADOBE_ORG_ID","value":"@O"}]"#,
        r#"[{"key":"ADOBE_CLIENT_ID","value":"@I"},{"key":"ADOBE_CLIENT_SECRET","value":"@S"},{"key":"ADOBE_ORG_ID","value":"@O"}]"#,
        r#"{"title":"AEP","fields":[{"id":"a","label":"client_id","value":"@I"},{"id":"b","label":"client_secret","value":"@S"},{"label":"org_id","value":"@O"}]}"#,
        r#"[{"name":"AEP","variables":[{"key":"CLIENT_ID","currentValue":"@I"},{"key":"CLIENT_SECRET","currentValue":"@S"},{"key":"IMS_ORG","currentValue":"@O"}]}]"#,
        "# gr\u{fc}n\nADOBE_CLIENT_ID=@I\nADOBE_CLIENT_SECRET=@S\nADOBE_ORG_ID=@O",
    ] {
        is_taken(text);
    }
    let latin = format!("# gr\u{fc}n\nADOBE_CLIENT_ID={ID}\nADOBE_CLIENT_SECRET={SECRET}\nADOBE_ORG_ID={ORG}");
    let latin: Vec<u8> = latin.chars().map(|c| c as u8).collect();
    assert!(read(&latin).unwrap().candidates[0].is_whole());
}

#[test]
fn what_is_no_value_is_none_and_told() {
    for (text, told) in [
        (
            "env:\n- name: ADOBE_CLIENT_ID\n  value: @I\n- name: ADOBE_CLIENT_SECRET\n  valueFrom:\n    secretKeyRef:\n      name: a\n      key: client-secret\n- name: ADOBE_ORG_ID\n  value: @O\n",
            "ADOBE_CLIENT_SECRET is a reference",
        ),
        (
            "env:\n  ADOBE_CLIENT_ID: @I\n  ADOBE_ORG_ID: @O\njobs:\n  a:\n    steps:\n    - env:\n        ADOBE_CLIENT_SECRET: ${{ secrets.x }}\n",
            "ADOBE_CLIENT_SECRET is a reference",
        ),
        (
            "ADOBE_CLIENT_ID=@I\nADOBE_ORG_ID=@O\nADOBE_CLIENT_SECRET=ENC[AES256_GCM,data:abc=,iv:def=,tag:x,type:str]",
            "a reference",
        ),
        (
            "adobe:\n  client_id: @I\n  org_id: @O\n  client_secret: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    3132\n",
            "a reference",
        ),
        ("ADOBE_CLIENT_ID=@I\nADOBE_ORG_ID=@O\nADOBE_CLIENT_SECRET=encrypted:BDqabc", "a reference"),
        (
            "ADOBE_CLIENT_ID=@I\nADOBE_ORG_ID=@O\nADOBE_CLIENT_SECRET=@Microsoft.KeyVault(SecretUri=https://x/y)",
            "a reference",
        ),
        ("ADOBE_CLIENT_ID=@I\nADOBE_ORG_ID=@O\nADOBE_CLIENT_SECRET=p8e-xxxxxxxxxxxxxxxx", "a placeholder"),
        ("ADOBE_CLIENT_ID=IHRE_CLIENT_ID\nADOBE_CLIENT_SECRET=IHR_CLIENT_SECRET\nADOBE_ORG_ID=@O", "a placeholder"),
        (r#"{"CLIENT_ID":"@O","CLIENT_SECRETS":["@S"],"ORG_ID":"@I"}"#, "CLIENT_ID holds an organization"),
    ] {
        let found = read_text(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let first = &found.candidates[0];
        assert!(!first.is_whole() && first.unfilled.join(", ").contains(told), "{text}: {:?}", first.unfilled);
    }
    let sealed =
        "kind: SealedSecret\nspec:\n  encryptedData:\n    ADOBE_CLIENT_ID: AgBx\n    ADOBE_CLIENT_SECRET: AgBy\n";
    assert_eq!(read_text(sealed).map(|found| format!("{found:?}")).unwrap_or_default(), "");
}

#[test]
fn nothing_is_dropped_in_silence() {
    let env = |rest: &str| format!("ADOBE_CLIENT_ID=@I\nADOBE_CLIENT_SECRET=@S\nADOBE_ORG_ID=@O\n{rest}\n");
    let json =
        |rest: &str| format!(r#"{{"client_id":"@I","client_secret":"@S","org_id":"@O","scopes":["openid"],{rest}}}"#);
    for (text, sandbox, told) in [
        (env("ADOBE_SANDBOX_NAME=my-dev"), Some("my-dev"), ""),
        (env("ADOBE_SANDBOX_NAME=dev1"), Some("dev1"), ""),
        (env("ADOBE_SANDBOX_NAME=dev1,dev2"), Some("dev1"), "another sandbox dev2"),
        (env("ADOBE_SANDBOX_NAME=My Sandbox"), None, "ADOBE_SANDBOX_NAME names no sandbox"),
        (env("ADOBE_SANDBOX_NAME={{sandbox}}"), None, "ADOBE_SANDBOX_NAME names no sandbox"),
        (env("ADOBE_SANDBOX_NAME=sandbox"), None, "ADOBE_SANDBOX_NAME names no sandbox"),
        (env("ADOBE_SANDBOX_NAME=$SB"), None, "ADOBE_SANDBOX_NAME names no sandbox"),
        (env("PAYPAL_SANDBOX=true"), None, "PAYPAL_SANDBOX"),
        (env("PAYPAL_SANDBOX=uat"), None, "PAYPAL_SANDBOX"),
        (env("SANDBOX=true"), None, "SANDBOX"),
        (env("GREETING_NAME=x\nUSERNAME_SECRET=y"), None, "GREETING_NAME, USERNAME_SECRET"),
        (json(r#""headers":{"x-proxy-global-company-id":"abc"}"#), None, "headers.x-proxy-global-company-id"),
        (json(r#""proxy":{"host":"p"},"timeout":"3""#), None, "timeout, proxy.host"),
        (
            json(r#""platform_url":"https://platform-va7.adobe.io","gateway":"https://platform-nld2.adobe.io""#),
            None,
            "another platform platform-nld2.adobe.io",
        ),
        (
            json(r#""ims_org":["@O","845F37C35E4B776E0A49421B@AdobeOrg"]"#),
            None,
            "another organization 845F37C35E4B776E0A49421B@AdobeOrg",
        ),
        (
            "CLIENT_ID=A\nCLIENT_SECRET=p8e-a\nORG_ID=b@AdobeOrg\nCLIENT_ID=@I\nCLIENT_SECRET=@S\nORG_ID=@O\n"
                .to_owned(),
            None,
            "CLIENT_SECRET stands there twice",
        ),
    ] {
        is_taken(&text);
        let found = read_text(&text).unwrap();
        let one = &found.candidates[0];
        assert_eq!(one.sandbox.as_deref(), sandbox, "{text}");
        let notes = one.notes.join("; ");
        assert!(notes.contains(told) && notes.is_empty() == told.is_empty(), "{text}: {notes}");
    }
}
