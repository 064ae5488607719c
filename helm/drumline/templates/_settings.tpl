{{/* application.yaml: what the chart sets, under what the operator sets. */}}
{{- define "drumline.settings" -}}
{{- $security := dict -}}
{{- with .Values.security -}}
{{- if .anonymous }}{{ $_ := set $security "anonymous" true }}{{ end -}}
{{- with .allowedOrigins }}{{ $_ := set $security "allowed-origins" . }}{{ end -}}
{{- with .rules }}{{ $_ := set $security "rules" . }}{{ end -}}
{{- $jwt := dict -}}
{{- with .jwt -}}
{{- with .jwksUri }}{{ $_ := set $jwt "jwks-uri" . }}{{ end -}}
{{- with .publicKeyRef }}{{ $_ := set $jwt "public-key" (printf "file:/etc/drumline/jwt/%s" .key) }}{{ end -}}
{{- with .issuer }}{{ $_ := set $jwt "issuer" . }}{{ end -}}
{{- with .audience }}{{ $_ := set $jwt "audience" . }}{{ end -}}
{{- with .algorithms }}{{ $_ := set $jwt "algorithms" . }}{{ end -}}
{{- end -}}
{{- with $jwt }}{{ $_ := set $security "jwt" . }}{{ end -}}
{{- end -}}
{{- $api := dict "open-metrics" .Values.api.openMetrics -}}
{{- with .Values.api -}}
{{- if .tokens }}{{ $_ := set $api "tokens" true }}{{ end -}}
{{- if .anonymous }}{{ $_ := set $api "anonymous" true }}{{ end -}}
{{- end -}}
{{- $drumline := dict "backplane" (eq .Values.redis.mode "none" | ternary "memory" "redis") "api" $api -}}
{{- with $security }}{{ $_ := set $drumline "security" . }}{{ end -}}
{{- $settings := dict "drumline" $drumline -}}
{{- if ne .Values.redis.mode "none" -}}
{{- $spring := dict "data" (dict "redis" (include "drumline.redisSettings" . | fromYaml)) -}}
{{- with .Values.redis.tls -}}
{{- if or .caRef .clientSecret -}}
{{- $pem := dict -}}
{{- with .caRef }}{{ $_ := set $pem "truststore" (dict "certificate" (printf "file:/etc/drumline/redis-ca/%s" .key)) }}{{ end -}}
{{- if .clientSecret -}}
{{- $_ := set $pem "keystore" (dict "certificate" "file:/etc/drumline/redis-client/tls.crt" "private-key" "file:/etc/drumline/redis-client/tls.key") -}}
{{- end -}}
{{- $_ := set $spring "ssl" (dict "bundle" (dict "pem" (dict "redis" $pem))) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $settings "spring" $spring -}}
{{- end -}}
{{- mustMergeOverwrite $settings (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* spring.data.redis. The URL is taken apart: beside a URL, Spring reads neither user nor password. */}}
{{- define "drumline.redisSettings" -}}
{{- with .Values.redis -}}
{{- $tls := .tls.enabled -}}
{{- if eq .mode "bundled" -}}
host: {{ include "drumline.fullname" $ }}-redis
port: 6379
{{- else if eq .mode "sentinel" -}}
sentinel:
  master: {{ .sentinel.master | quote }}
  nodes: {{ toJson .sentinel.nodes }}
  {{- with .sentinel.username }}
  username: {{ quote . }}
  {{- end }}
{{- else if eq .mode "cluster" -}}
cluster:
  nodes: {{ toJson .cluster.nodes }}
{{- else if and (eq .mode "url") .url -}}
{{- $url := urlParse .url -}}
{{- $port := regexFind ":[0-9]+$" $url.host -}}
{{- $tls = or $tls (eq $url.scheme "rediss") -}}
host: {{ trimSuffix $port $url.host | quote }}
port: {{ default "6379" (trimPrefix ":" $port) }}
{{- with trimPrefix "/" $url.path }}
database: {{ . }}
{{- end }}
{{- end }}
{{- if .database }}
database: {{ int .database }}
{{- end }}
{{- with .username }}
username: {{ quote . }}
{{- end }}
{{- if or $tls .tls.caRef .tls.clientSecret }}
ssl:
  enabled: true
  {{- if or .tls.caRef .tls.clientSecret }}
  bundle: redis
  {{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* One environment variable from a secret: [name, {name, key}]. */}}
{{- define "drumline.fromSecret" -}}
{{- $ref := index . 1 -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ $ref.name | quote }}
      key: {{ $ref.key | quote }}
{{- end -}}

{{/* What a node reads from its environment: secrets, and lists that have some. A list comes whole from one source. */}}
{{- define "drumline.env" -}}
{{- $own := include "drumline.fullname" . -}}
- name: SPRING_CONFIG_ADDITIONALLOCATION
  value: file:/etc/drumline/config/
{{- with .Values.javaToolOptions }}
- name: JAVA_TOOL_OPTIONS
  value: {{ quote . }}
{{- end }}
- name: DRUMLINE_DRAIN_GRACE
  value: {{ int .Values.drain.graceSeconds }}s
- name: DRUMLINE_DRAIN_WINDOW
  value: {{ int .Values.drain.windowSeconds }}s
{{- with .Values.redis }}
{{- if and (eq .mode "url") .urlRef }}
{{ include "drumline.fromSecret" (list "SPRING_DATA_REDIS_URL" .urlRef) }}
{{- end }}
{{- if and .sentinel.passwordRef (eq .mode "sentinel") }}
{{ include "drumline.fromSecret" (list "SPRING_DATA_REDIS_SENTINEL_PASSWORD" .sentinel.passwordRef) }}
{{- end }}
{{- with .usernameRef }}
{{ include "drumline.fromSecret" (list "SPRING_DATA_REDIS_USERNAME" .) }}
{{- end }}
{{- if .passwordRef }}
{{ include "drumline.fromSecret" (list "SPRING_DATA_REDIS_PASSWORD" .passwordRef) }}
{{- else if eq .mode "bundled" }}
{{ include "drumline.fromSecret" (list "SPRING_DATA_REDIS_PASSWORD" (dict "name" (printf "%s-redis" $own) "key" "password")) }}
{{- else if .password }}
{{ include "drumline.fromSecret" (list "SPRING_DATA_REDIS_PASSWORD" (dict "name" $own "key" "redis-password")) }}
{{- end }}
{{- end }}
{{- with .Values.security.jwt.secretRef }}
{{ include "drumline.fromSecret" (list "DRUMLINE_SECURITY_JWT_SECRET" .) }}
{{- end }}
{{- range $i, $user := .Values.security.users }}
- name: DRUMLINE_SECURITY_USERS_{{ $i }}_LOGIN
  value: {{ $user.login | quote }}
{{ include "drumline.fromSecret" (list (printf "DRUMLINE_SECURITY_USERS_%d_PASSWORD" $i) (default (dict "name" $own "key" (printf "user-%d" $i)) $user.passwordRef)) }}
{{- with $user.roles }}
- name: DRUMLINE_SECURITY_USERS_{{ $i }}_ROLES
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- range $i, $key := .Values.api.keys }}
- name: DRUMLINE_API_KEYS_{{ $i }}_NAME
  value: {{ $key.name | quote }}
{{ include "drumline.fromSecret" (list (printf "DRUMLINE_API_KEYS_%d_HASH" $i) (default (dict "name" $own "key" (printf "api-key-%d" $i)) $key.hashRef)) }}
- name: DRUMLINE_API_KEYS_{{ $i }}_SCOPES
  value: {{ join "," $key.scopes | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{/* What goes into the chart's own secret: values that were given in the open. */}}
{{- define "drumline.secrets" -}}
{{- $secrets := dict -}}
{{- with .Values.redis -}}
{{- if and .password (ne .mode "bundled") (not .passwordRef) }}{{ $_ := set $secrets "redis-password" .password }}{{ end -}}
{{- end -}}
{{- range $i, $user := .Values.security.users -}}
{{- if not $user.passwordRef }}{{ $_ := set $secrets (printf "user-%d" $i) $user.password }}{{ end -}}
{{- end -}}
{{- range $i, $key := .Values.api.keys -}}
{{- if not $key.hashRef }}{{ $_ := set $secrets (printf "api-key-%d" $i) $key.hash }}{{ end -}}
{{- end -}}
{{- with $secrets }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{/* The bundled Redis' password: given, or the one that is there, or made once a rendering. */}}
{{- define "drumline.redisPassword" -}}
{{- $values := .Values.redis.bundled -}}
{{- if not (hasKey $values "password") -}}
{{- $password := default (randAlphaNum 32) .Values.redis.password -}}
{{- if and .Release.IsUpgrade (not .Values.redis.password) -}}
{{- with lookup "v1" "Secret" .Release.Namespace (printf "%s-redis" (include "drumline.fullname" .)) -}}
{{- $password = index .data "password" | b64dec -}}
{{- end -}}
{{- end -}}
{{- $_ := set $values "password" $password -}}
{{- end -}}
{{- $values.password -}}
{{- end -}}
