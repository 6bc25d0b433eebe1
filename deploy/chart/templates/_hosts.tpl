{{/* What is served outside, as JSON: `hosts`, each with its paths. Takes root and edge, the values of the Ingress or the Gateway. */}}
{{- define "relevo.hosts" -}}
{{- $edge := .edge -}}
{{- with .root -}}
{{- $name := include "relevo.fullname" . -}}
{{- $paths := list -}}
{{- if and .Values.engine.enabled .Values.engine.tasks -}}
{{- $paths = append $paths (dict "path" "/tasks" "service" (printf "%s-engine" $name) "port" 8081) -}}
{{- end -}}
{{- if and .Values.notifier.enabled .Values.notifier.feedback -}}
{{- $paths = append $paths (dict "path" "/providers" "service" (printf "%s-notifier" $name) "port" 8082) -}}
{{- end -}}
{{- if .Values.ingest.enabled -}}
{{- $paths = append $paths (dict "path" "/" "service" (printf "%s-ingest" $name) "port" 8080) -}}
{{- end -}}
{{- $hosts := list -}}
{{- if $paths }}{{ $hosts = append $hosts (dict "name" "web" "host" $edge.host "paths" $paths) }}{{ end -}}
{{- if and .Values.control.enabled $edge.controlHost -}}
{{- $control := list (dict "path" "/" "service" (printf "%s-control" $name) "port" 8090) -}}
{{- $hosts = append $hosts (dict "name" "control" "host" $edge.controlHost "paths" $control) -}}
{{- end -}}
{{- dict "hosts" $hosts | toJson -}}
{{- end -}}
{{- end -}}
