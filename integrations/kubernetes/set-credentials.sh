kubectl config set-credentials aep \
  --exec-command=kube-credential-aep \
  --exec-api-version=client.authentication.k8s.io/v1 \
  --exec-interactive-mode=Never
