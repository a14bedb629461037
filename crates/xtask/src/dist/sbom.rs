//! The list of parts, as CycloneDX 1.6 has it: the same for the same commit and targets.

use serde_json::{Value, json};

use super::dependencies::Dependency;
use super::licences::Linked;
use super::target::Target;

/// The list, as JSON. `time` is the commit's, in seconds since 1970.
///
/// # Errors
/// None that this data could have.
pub fn write(
    version: &str,
    dependencies: &[Dependency],
    linked: &[&Linked],
    targets: &[Target],
    time: u64,
) -> anyhow::Result<String> {
    let purl = |name: &str, version: &str| format!("pkg:cargo/{name}@{version}");
    let mut components: Vec<Value> = dependencies.iter().map(component).collect();
    components.extend(linked.iter().map(|library| {
        json!({
            "type": "library",
            "bom-ref": format!("linked:{}", library.name),
            "name": library.name,
            "description": library.why,
            "licenses": [{"expression": library.licence}],
        })
    }));
    let graph: Vec<Value> = dependencies
        .iter()
        .map(|dependency| {
            let uses: Vec<String> = dependency.uses.iter().map(|(name, version)| purl(name, version)).collect();
            json!({"ref": purl(&dependency.name, &dependency.version), "dependsOn": uses})
        })
        .collect();
    let targets: Vec<Value> =
        targets.iter().map(|target| json!({"name": "aep-auth:target", "value": target.triple})).collect();
    let body = json!({
        "components": components,
        "dependencies": graph,
        "metadata": {
            "timestamp": aep_core::duration::rfc3339(i64::try_from(time)?),
            "component": {
                "type": "application",
                "bom-ref": "aep-auth",
                "name": "aep-auth",
                "version": version,
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "externalReferences": [{"type": "vcs", "url": env!("CARGO_PKG_REPOSITORY")}],
            },
            "properties": targets,
        },
    });
    // Its number follows from its content.
    let serial = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, body.to_string().as_bytes());
    let mut list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{serial}"),
        "version": 1,
    });
    if let (Some(list), Value::Object(body)) = (list.as_object_mut(), body) {
        list.extend(body);
    }
    Ok(format!("{list:#}\n"))
}

fn component(dependency: &Dependency) -> Value {
    let purl = format!("pkg:cargo/{}@{}", dependency.name, dependency.version);
    let mut component = json!({
        "type": "library",
        "bom-ref": purl,
        "name": dependency.name,
        "version": dependency.version,
        "purl": purl,
        // Cargo took `/` for OR in its first years.
        "licenses": [{"expression": dependency.licence.replace('/', " OR ").replace("  ", " ")}],
    });
    if let Some(component) = component.as_object_mut() {
        if let Some(checksum) = &dependency.checksum {
            component.insert("hashes".to_owned(), json!([{"alg": "SHA-256", "content": checksum}]));
        }
        if let Some(url) = &dependency.repository {
            component.insert("externalReferences".to_owned(), json!([{"type": "vcs", "url": url}]));
        }
    }
    component
}
