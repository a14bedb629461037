// The first pod's name, by the JavaScript client and the kubeconfig.
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

const config = new KubeConfig();
config.loadFromDefault();
const pods = await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: "default" });
console.log(pods.items[0].metadata.name);
