{{- define "relevo.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels by which one component's pods are found. Takes root and component. */}}
{{- define "relevo.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "relevo.labels" -}}
{{ include "relevo.selector" . }}
app.kubernetes.io/version: {{ default .root.Chart.AppVersion .root.Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "relevo.metadata" -}}
name: {{ include "relevo.fullname" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "relevo.labels" . | nindent 2 }}
{{- end -}}

{{- define "relevo.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "relevo.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* An image as deploy/images.sh names it. Takes root, name (of the image) and tag. */}}
{{- define "relevo.image" -}}
{{- with .root.Values.image -}}
{{- with .registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{ .prefix }}{{ $.name }}:{{ coalesce $.tag .tag $.root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* What the components are, as JSON: their image, and which ports they serve beside the admin port. `stateful`: a member of
     consumer groups, which keeps its name and so its partitions over a restart. `outside`: it calls addresses outside. */}}
{{- define "relevo.components" -}}
{{- $engine := ternary (dict "http" 8081) (dict) .Values.engine.tasks -}}
{{- $notifier := merge (ternary (dict "http" 8082) (dict) .Values.notifier.feedback) (ternary (dict "smtp" 2525) (dict) .Values.notifier.inbox) -}}
{{- dict
  "ingest" (dict "image" "ingest" "ports" (dict "http" 8080) "outside" true)
  "poller" (dict "image" "ingest" "args" (list "poll") "ports" (dict) "outside" true)
  "engine" (dict "image" "engine" "stateful" true "ports" $engine)
  "scheduler" (dict "image" "scheduler" "ports" (dict))
  "notifier" (dict "image" "notifier" "stateful" true "ports" $notifier "outside" true)
  "control" (dict "image" "control" "ports" (dict "http" 8090) "outside" true)
  | toJson -}}
{{- end -}}

{{/* The components that are on, as JSON: name to what it is. */}}
{{- define "relevo.enabled" -}}
{{- $on := dict -}}
{{- range $name, $is := include "relevo.components" . | fromJson -}}
{{- if (index $.Values $name).enabled }}{{ $_ := set $on $name $is }}{{ end -}}
{{- end -}}
{{- $on | toJson -}}
{{- end -}}
