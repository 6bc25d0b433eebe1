{{/* Where the files of TLS come from, as JSON: the volume's name to the secret. Whole secrets, so that a renewed certificate
     appears in the pod without a restart. */}}
{{- define "relevo.certificates" -}}
{{- $all := dict -}}
{{- range $server := list "kafka" "postgres" -}}
{{- range $what := list "ca" "certificate" -}}
{{- $secret := (index $.Values $server $what).secret -}}
{{- if $secret }}{{ $_ := set $all (printf "%s-%s" $server $what) $secret }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $all | toJson -}}
{{- end -}}

{{- define "relevo.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
{{- range $name, $secret := include "relevo.certificates" .root | fromJson }}
- name: {{ $name }}
  secret: {secretName: {{ $secret | quote }}, defaultMode: 0440}
{{- end }}
{{- with dig "extraVolumes" list .own }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "relevo.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- range $name, $_ := include "relevo.certificates" .root | fromJson }}
- {name: {{ $name }}, mountPath: /etc/relevo/{{ $name }}, readOnly: true}
{{- end }}
{{- with dig "extraVolumeMounts" list .own }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "relevo.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.runAsUser }}
runAsUser: {{ . | int }}
runAsGroup: {{ . | int }}
fsGroup: {{ . | int }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "relevo.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What the specification of every pod begins with. Takes root and own. */}}
{{- define "relevo.podHead" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "relevo.podSecurity" .root | nindent 2 }}
{{- end -}}

{{/* The pods of a component that belong together: of a Deployment those of one revision, since the old ones are about to go. */}}
{{- define "relevo.sameRevision" -}}
labelSelector:
  matchLabels: {{- include "relevo.selector" . | nindent 4 }}
{{- if not (dig "stateful" false .is) }}
matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}

{{/* A component's pod template. Takes root, component, is and own. It ends when the drain does: 6 s after stopTimeout the
     process ends itself, and pods that are served by a Service are taken out of it first. */}}
{{- define "relevo.pod" -}}
{{- $http := hasKey .is.ports "http" -}}
metadata:
  labels:
    {{- include "relevo.labels" . | nindent 4 }}
    {{- with .own.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  {{- with .own.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "relevo.serviceAccountName" .root }}
  {{- include "relevo.podHead" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ add .root.Values.stopTimeout 6 (ternary 5 0 $http) 10 }}
  {{- with .own.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- range $key := list "nodeSelector" "tolerations" }}
  {{- with index $.own $key }}
  {{ $key }}: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  # By nodes, and by zones where nodes have one: of a constraint by zones, nodes without one would make no difference at all.
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      {{- include "relevo.sameRevision" . | nindent 6 }}
  affinity:
    {{- if .own.affinity }}
    {{- toYaml .own.affinity | nindent 4 }}
    {{- else }}
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - weight: 100
          podAffinityTerm:
            topologyKey: topology.kubernetes.io/zone
            {{- include "relevo.sameRevision" . | nindent 12 }}
    {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "relevo.image" (dict "root" .root "name" .is.image "tag" .own.tag) }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      {{- with .is.args }}
      args: {{ toJson . }}
      {{- end }}
      env: {{- include "relevo.environment" . | trim | nindent 8 }}
      ports:
        - {name: admin, containerPort: 9100}
        {{- range $name, $port := .is.ports }}
        - {name: {{ $name }}, containerPort: {{ $port | int }}}
        {{- end }}
      # Started: the process answers. Alive: it still does. Ready: every part works, Kafka and PostgreSQL too; what they are
      # away for is no reason to start anew, so liveness does not ask for them.
      startupProbe:
        httpGet: {path: /healthz, port: admin}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      {{- if $http }}
      lifecycle:
        preStop: {sleep: {seconds: 5}}
      {{- end }}
      resources: {{- toYaml .own.resources | nindent 8 }}
      securityContext:
        {{- include "relevo.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "relevo.mounts" . | nindent 8 }}
  volumes:
    {{- include "relevo.volumes" . | nindent 4 }}
{{- end -}}
