{{/* 40 characters, so that every ending of ours and of Kubernetes fits into 63. */}}
{{- define "drumline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "drumline.instanceLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What selects the nodes' pods. */}}
{{- define "drumline.nodeLabels" -}}
{{ include "drumline.instanceLabels" . }}
app.kubernetes.io/component: node
{{- end -}}

{{- define "drumline.redisLabels" -}}
{{ include "drumline.instanceLabels" . }}
app.kubernetes.io/component: redis
{{- end -}}

{{- define "drumline.testLabels" -}}
{{ include "drumline.instanceLabels" . }}
app.kubernetes.io/component: test
{{- end -}}

{{- define "drumline.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: drumline
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Where any pod of the chart may run. */}}
{{- define "drumline.place" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "drumline.families" -}}
{{- with .Values.service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.service.ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end -}}

{{- define "drumline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "drumline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* [image, tag unless it has one] */}}
{{- define "drumline.image" -}}
{{- with index . 0 -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default (index $ 1) .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The restricted standard asks this of every container. */}}
{{- define "drumline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
