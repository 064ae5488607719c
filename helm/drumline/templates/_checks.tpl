{{/* What a schema cannot say, each in one sentence. */}}
{{- define "drumline.checks" -}}
{{- $config := .Values.config -}}
{{- $inConfig := dig "drumline" (dict) $config -}}
{{- with .Values.redis -}}
{{- if not .mode -}}
{{- fail "Choose a Redis: set redis.mode to url, sentinel or cluster for one of yours, bundled for a trial, or none for a single node." -}}
{{- end -}}
{{- if eq .mode "none" -}}
{{- if or $.Values.autoscaling.enabled $.Values.keda.enabled (ne (int $.Values.replicaCount) 1) -}}
{{- fail "redis.mode=none is a single node by itself: set replicaCount=1, without autoscaling and keda, or choose a Redis." -}}
{{- end -}}
{{- end -}}
{{- if eq .mode "url" -}}
{{- if eq (empty .url) (empty .urlRef) -}}
{{- fail "redis.mode=url needs one of redis.url and redis.urlRef." -}}
{{- end -}}
{{- if and .url (contains "@" .url) -}}
{{- fail "redis.url must be without credentials: use redis.username and redis.passwordRef, or put the whole URL into a secret and name it in redis.urlRef." -}}
{{- end -}}
{{- if and .urlRef (or .username .usernameRef .password .passwordRef) -}}
{{- fail "redis.urlRef carries its credentials itself: leave out redis.username and redis.password, or use redis.url." -}}
{{- end -}}
{{- end -}}
{{- if and (eq .mode "sentinel") (not .sentinel.nodes) -}}
{{- fail "redis.mode=sentinel needs redis.sentinel.nodes." -}}
{{- end -}}
{{- if and (eq .mode "cluster") (not .cluster.nodes) -}}
{{- fail "redis.mode=cluster needs redis.cluster.nodes." -}}
{{- end -}}
{{- if and (eq .mode "cluster") .database -}}
{{- fail "redis.mode=cluster has only redis.database=0." -}}
{{- end -}}
{{- if and (eq .mode "bundled") (or .tls.enabled .tls.caRef .tls.clientSecret .username .usernameRef) -}}
{{- fail "redis.mode=bundled has neither TLS nor ACL users: leave out redis.tls and redis.username, or bring a Redis of your own." -}}
{{- end -}}
{{- if and .password .passwordRef -}}
{{- fail "Set one of redis.password and redis.passwordRef." -}}
{{- end -}}
{{- if and .username .usernameRef -}}
{{- fail "Set one of redis.username and redis.usernameRef." -}}
{{- end -}}
{{- end -}}
{{- with .Values.security -}}
{{- $keys := len (compact (list .jwt.jwksUri (toString (get .jwt.secretRef "name")) (toString (get .jwt.publicKeyRef "name")))) -}}
{{- if gt $keys 1 -}}
{{- fail "Set one of security.jwt.jwksUri, security.jwt.secretRef and security.jwt.publicKeyRef." -}}
{{- end -}}
{{- if and .jwt.jwksUri (not .jwt.audience) -}}
{{- fail "security.jwt.jwksUri needs security.jwt.audience: its issuer has tokens for others, too." -}}
{{- end -}}
{{- if not (or .anonymous (gt $keys 0) .users (dig "security" "jwt" false $inConfig) (dig "security" "users" false $inConfig) (dig "security" "anonymous" false $inConfig)) -}}
{{- fail "Choose who may connect: set security.jwt or security.users, or security.anonymous=true to let everybody in." -}}
{{- end -}}
{{- range .users -}}
{{- if eq (empty .password) (empty .passwordRef) -}}
{{- fail (printf "security.users: %s must have one of passwordRef and password." .login) -}}
{{- end -}}
{{- end -}}
{{- if and .users (dig "security" "users" false $inConfig) -}}
{{- fail "Set one of security.users and config.drumline.security.users: the one would hide the other." -}}
{{- end -}}
{{- end -}}
{{- with .Values.api -}}
{{- $chosen := or .keys .tokens .anonymous (dig "api" "keys" false $inConfig) (dig "api" "tokens" false $inConfig) (dig "api" "anonymous" false $inConfig) -}}
{{- if not (or $chosen .closed) -}}
{{- fail "Choose who may use the HTTP API: set api.keys or api.tokens=true, api.anonymous=true to need no key, or api.closed=true to refuse all requests." -}}
{{- end -}}
{{- if and $chosen .closed -}}
{{- fail "api.closed=true refuses all requests: leave out api.keys, api.tokens and api.anonymous." -}}
{{- end -}}
{{- range .keys -}}
{{- if eq (empty .hash) (empty .hashRef) -}}
{{- fail (printf "api.keys: %s must have one of hashRef and hash." .name) -}}
{{- end -}}
{{- end -}}
{{- if and .keys (dig "api" "keys" false $inConfig) -}}
{{- fail "Set one of api.keys and config.drumline.api.keys: the one would hide the other." -}}
{{- end -}}
{{- end -}}
{{- if or (dig "security" "jwt" "secret" false $inConfig) (dig "spring" "data" "redis" "password" false $config) (dig "spring" "data" "redis" "url" false $config) (dig "spring" "data" "redis" "sentinel" "password" false $config) -}}
{{- fail "config lands in a ConfigMap and must hold no secrets: use security.jwt.secretRef, redis.passwordRef, redis.urlRef or redis.sentinel.passwordRef." -}}
{{- end -}}
{{- if or (dig "server" "port" false $config) (dig "management" "server" "port" false $config) (dig "listener" "port" false $inConfig) -}}
{{- fail "config must not move the ports: nodes listen on 8080 and 8081, and Services choose theirs by service.client.port and service.control.port." -}}
{{- end -}}
{{- if dig "drain" false $inConfig -}}
{{- fail "config must not set drumline.drain: drain.graceSeconds and drain.windowSeconds do, and the time that a pod has to end follows them." -}}
{{- end -}}
{{- if le (int .Values.progressDeadlineSeconds) (int .Values.minReadySeconds) -}}
{{- fail "progressDeadlineSeconds must be above minReadySeconds." -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- fail "Set one of autoscaling.enabled and keda.enabled: two autoscalers would work against each other." -}}
{{- end -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- with .Values.autoscaling -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail "autoscaling.minReplicas must not be above autoscaling.maxReplicas." -}}
{{- end -}}
{{- if not (or .connectionsPerPod .cpuPercent) -}}
{{- fail "Scaling needs autoscaling.connectionsPerPod or autoscaling.cpuPercent." -}}
{{- end -}}
{{- if and .cpuPercent (not (dig "requests" "cpu" false $.Values.resources)) -}}
{{- fail "autoscaling.cpuPercent is a part of resources.requests.cpu, which is not set." -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.keda.enabled .Values.autoscaling.connectionsPerPod (not .Values.keda.serverAddress) -}}
{{- fail "keda.enabled needs keda.serverAddress, the URL of Prometheus, or autoscaling.connectionsPerPod=0." -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts." -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs." -}}
{{- end -}}
{{- if .Values.serviceMonitor.enabled -}}
{{- if and (not .Values.api.openMetrics) (not .Values.serviceMonitor.keyRef) -}}
{{- fail "serviceMonitor.enabled with api.openMetrics=false needs serviceMonitor.keyRef, an API key of scope read." -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.prometheus.namespace) (not .Values.networkPolicy.controlFrom) -}}
{{- fail "serviceMonitor.enabled needs networkPolicy.prometheus.namespace, or Prometheus does not reach the nodes." -}}
{{- end -}}
{{- end -}}
{{- end -}}
