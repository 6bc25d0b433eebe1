{{/* The environment of a component's container. Takes root, component, is and own (its values). Values that are set by the
     chart come first, then settings, then secrets and extraEnv, so that whoever sets one twice gets the last one. */}}
{{- define "relevo.environment" -}}
{{- $values := .root.Values -}}
{{- $stateful := dig "stateful" false .is -}}
{{- $set := dict
  "RELEVO_PUBLIC_URL" $values.publicUrl
  "RELEVO_KAFKA" $values.kafka.brokers
  "RELEVO_KAFKA_SECURITY" $values.kafka.security
  "RELEVO_TOPIC_PREFIX" $values.kafka.topicPrefix
  "RELEVO_PARTITIONS" ($values.kafka.partitions | toString)
  "RELEVO_REPLICATION" ($values.kafka.replication | toString)
  "RELEVO_STOP_TIMEOUT" ($values.stopTimeout | toString)
  "RELEVO_ADMIN_HOST" "0.0.0.0"
  "RELEVO_ADMIN_PORT" "9100" -}}
{{- include "relevo.environment.kafka" (list $values.kafka $set) -}}
{{- include "relevo.environment.postgres" (list $values.postgres $set) -}}
{{- with $values.traces }}{{ if .url -}}
{{- $_ := set $set "RELEVO_TRACES_URL" .url -}}{{- $_ := set $set "RELEVO_TRACES_SAMPLE" (.sample | toString) -}}
{{- end }}{{ end -}}
{{- if $stateful }}{{ $_ := set $set "RELEVO_SESSION_TIMEOUT" (.own.sessionTimeout | toString) }}{{ end -}}
{{- $prefix := printf "RELEVO_%s_" (upper .component) -}}
{{- range $port, $number := dig "ports" dict .is -}}
{{- $variable := ternary "INBOX_" (ternary "" "HTTP_" (has $.component (list "ingest" "control"))) (eq $port "smtp") -}}
{{- $_ := set $set (printf "%s%sHOST" $prefix $variable) "0.0.0.0" -}}
{{- $_ := set $set (printf "%s%sPORT" $prefix $variable) ($number | int | toString) -}}
{{- end -}}
{{- range $name, $value := mustMergeOverwrite $set $values.settings (dig "settings" dict .own) }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- if $stateful }}
- name: RELEVO_GROUP_INSTANCE_ID
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end }}
{{- $role := index (default dict $values.postgres.roles) .component }}
- name: RELEVO_POSTGRES
  {{- include "relevo.secretRef" (list (dig "secret" $values.postgres.secret (default dict $role)) (dig "key" $values.postgres.key (default dict $role))) | nindent 2 }}
{{- include "relevo.environment.secrets" . }}
{{- range $name, $from := dig "secretEnv" dict .own }}
- name: {{ $name }}
  {{- include "relevo.secretRef" (list $from.secret $from.key) | nindent 2 }}
{{- end }}
{{- with concat $values.extraEnv (dig "extraEnv" list .own) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "relevo.secretRef" -}}
valueFrom: {secretKeyRef: {name: {{ index . 0 | quote }}, key: {{ index . 1 | quote }}}}
{{- end -}}

{{/* Who needs which of the product's own secrets: whoever publishes seals, links are made and read, shops' secrets are opened. */}}
{{- define "relevo.environment.secrets" -}}
{{- with .root.Values.secrets }}
- name: RELEVO_DATA_KEY
  {{- include "relevo.secretRef" (list .name .dataKey) | nindent 2 }}
{{- if has $.component (list "ingest" "poller" "notifier" "command") }}
- name: RELEVO_LINK_SECRET
  {{- include "relevo.secretRef" (list .name .linkSecret) | nindent 2 }}
- name: RELEVO_SECRETS_KEY
  {{- include "relevo.secretRef" (list .name .secretsKey) | nindent 2 }}
{{- end }}
{{- end }}
{{- with .root.Values.sentry }}
{{- if .secret }}
- name: RELEVO_SENTRY_DSN
  {{- include "relevo.secretRef" (list .secret .key) | nindent 2 }}
{{- end }}
{{- end }}
{{- with .root.Values.kafka }}
{{- if .password.secret }}
- name: RELEVO_KAFKA_PASSWORD
  {{- include "relevo.secretRef" (list .password.secret .password.key) | nindent 2 }}
{{- end }}
{{- if .token.secret }}
- name: RELEVO_KAFKA_TOKEN_CLIENT_SECRET
  {{- include "relevo.secretRef" (list .token.secret .token.key) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "relevo.environment.kafka" -}}
{{- $kafka := index . 0 -}}{{- $set := index . 1 -}}
{{- range $name, $value := dict
  "RELEVO_KAFKA_SASL_MECHANISM" $kafka.saslMechanism
  "RELEVO_KAFKA_USERNAME" $kafka.username
  "RELEVO_KAFKA_TOKEN_URL" $kafka.token.url
  "RELEVO_KAFKA_TOKEN_CLIENT_ID" $kafka.token.clientId
  "RELEVO_KAFKA_TOKEN_SCOPE" $kafka.token.scope -}}
{{- if $value }}{{ $_ := set $set $name $value }}{{ end -}}
{{- end -}}
{{- include "relevo.environment.files" (list "KAFKA" $kafka $set) -}}
{{- end -}}

{{- define "relevo.environment.postgres" -}}
{{- $postgres := index . 0 -}}{{- $set := index . 1 -}}
{{- if $postgres.tls }}{{ $_ := set $set "RELEVO_POSTGRES_TLS" $postgres.tls }}{{ end -}}
{{- include "relevo.environment.files" (list "POSTGRES" $postgres $set) -}}
{{- end -}}

{{/* The files of a server's TLS: they are mounted by relevo.volumes. */}}
{{- define "relevo.environment.files" -}}
{{- $server := index . 0 -}}{{- $values := index . 1 -}}{{- $set := index . 2 -}}
{{- $folder := printf "/etc/relevo/%s" (lower $server) -}}
{{- if $values.ca.secret }}{{ $_ := set $set (printf "RELEVO_%s_CA" $server) (printf "%s-ca/%s" $folder $values.ca.key) }}{{ end -}}
{{- with $values.certificate -}}
{{- if .secret -}}
{{- $_ := set $set (printf "RELEVO_%s_CERTIFICATE" $server) (printf "%s-certificate/%s" $folder .certificate) -}}
{{- $_ := set $set (printf "RELEVO_%s_KEY" $server) (printf "%s-certificate/%s" $folder .key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
