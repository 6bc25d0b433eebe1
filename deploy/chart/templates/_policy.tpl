{{/* What the pods of a component may reach and who may reach them. Takes root and component; ports (what is served beside the
     admin port), served (whether there is an admin port), outside (whether it calls addresses outside). */}}
{{- define "relevo.policy" -}}
{{- $policy := .root.Values.networkPolicy -}}
podSelector:
  matchLabels:
    {{- include "relevo.selector" . | nindent 4 }}
policyTypes: [Ingress, Egress]
{{- if .served }}
ingress:
  - ports: [{port: 9100}]
    {{- with $policy.metrics.from }}
    from: {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if and $policy.metrics.from .root.Values.command.enabled }}
      - podSelector:
          matchLabels:
            {{- include "relevo.selector" (dict "root" .root "component" "command") | nindent 12 }}
    {{- end }}
  {{- range $_, $port := .ports }}
  - ports: [{port: {{ $port | int }}}]
    {{- with $policy.web.from }}
    from: {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
{{- end }}
egress:
  {{- range list "dns" "kafka" "postgres" }}
  {{- with index $policy . }}
  - ports: {{ include "relevo.policyPorts" .ports }}
    {{- with .to }}
    to: {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- if or .outside .root.Values.kafka.token.url }}
  - ports: {{ include "relevo.policyPorts" $policy.outside.ports }}
  {{- end }}
  {{- with $policy.extraEgress }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Ports of a policy; 53 and 5353, where names are resolved, by UDP too. */}}
{{- define "relevo.policyPorts" -}}
{{- $ports := list -}}
{{- range . -}}
{{- $ports = append $ports (dict "port" (int .)) -}}
{{- if has (int .) (list 53 5353) }}{{ $ports = append $ports (dict "port" (int .) "protocol" "UDP") }}{{ end -}}
{{- end -}}
{{- $ports | toJson -}}
{{- end -}}
