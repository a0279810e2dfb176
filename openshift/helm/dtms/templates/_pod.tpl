{{/* Pod of an entry of dtms.workloads: (dict "root" $ "w" ENTRY). */}}
{{- define "dtms.pod" -}}
{{- $root := .root -}}
{{- $w := .w -}}
{{- $is := include "dtms.is" $root | fromYaml -}}
{{- $values := get $root.Values.workloads ($w.values | default $w.name) -}}
{{- if $w.deadline }}
# In the pod as well as in the job: quotas that keep a share for pods with a deadline look here.
activeDeadlineSeconds: {{ $w.deadline }}
restartPolicy: Never
{{- end }}
enableServiceLinks: false
automountServiceAccountToken: {{ hasKey $w "serviceAccount" }}
{{- with $w.serviceAccount }}
serviceAccountName: {{ . }}
{{- end }}
terminationGracePeriodSeconds: {{ $w.grace | default 30 }}
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
  {{- if not $is.openshift }}
  runAsUser: {{ int $root.Values.kubernetes.user }}
  runAsGroup: 0
  fsGroup: {{ int $root.Values.kubernetes.user }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
{{- if and $w.run $is.colocated }}
{{ include "dtms.colocated" $root }}
{{- end }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $w.initContainers }}
initContainers: {{ toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: {{ $w.name }}
    {{- if $w.port }}
    ports:
      - name: {{ $w.portName | default "http" }}
        containerPort: {{ $w.port }}
    {{- end }}
    resources: {{ toYaml $values.resources | nindent 6 }}
    {{- include "dtms.containerSecurity" $root | nindent 4 }}
    {{- if $w.run }}
    {{- include "dtms.service" (dict "root" $root "w" $w "heap" $values.heapMiB) | nindent 4 }}
    {{- else }}
    {{- toYaml $w.container | nindent 4 }}
    {{- end }}
volumes:
{{- if $w.run }}
  - name: data
    {{- if $root.Values.storage.ephemeral }}
    emptyDir:
      sizeLimit: 2Gi
    {{- else }}
    persistentVolumeClaim:
      claimName: dtms-data
    {{- end }}
  - name: tmp
    emptyDir:
      sizeLimit: 16Mi
  {{- if $w.apiKey }}
  - name: api-key
    secret:
      secretName: dtms-api-key
  {{- end }}
{{- else }}
  {{- toYaml $w.volumes | nindent 2 }}
{{- end }}
{{- end }}

{{/* What the container of a service of DTMS has. Node itself is the process; its heap leaves room for buffers. */}}
{{- define "dtms.service" -}}
{{- $w := .w -}}
image: {{ include "dtms.image" .root }}
command: [node, --max-old-space-size={{ .heap }}, --max-semi-space-size=1, dist/cli/main.js, {{ join ", " $w.run }}]
envFrom:
  - configMapRef:
      name: dtms-settings
env:
  - name: DTMS_REQUIRED_SETTINGS
    value: {{ $w.required }}
  {{- with $w.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if $w.apiKey }}
  - name: DTMS_API_KEY_FILE
    value: /etc/dtms/api-key/api-key
  {{- end }}
{{- if $w.port }}
startupProbe:
  httpGet: { path: /health/started, port: http }
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 100
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 20
  timeoutSeconds: 10
  failureThreshold: 3
{{- end }}
volumeMounts:
  - name: data
    mountPath: /app/data
  - name: tmp
    mountPath: /tmp
  {{- if $w.apiKey }}
  - name: api-key
    mountPath: /etc/dtms/api-key
    readOnly: true
  {{- end }}
{{- end }}

{{/* Labels of the pod of an entry. */}}
{{- define "dtms.podLabels" -}}
{{ include "dtms.labels" (list .name .component) }}
{{- if .run }}
dtms.io/volume: data
{{- end }}
{{- end }}

{{/* Labels of the object that makes pods of an entry; the runtime is the picture in OpenShift's console. */}}
{{- define "dtms.workloadLabels" -}}
{{ include "dtms.podLabels" . }}
{{- if .run }}
app.openshift.io/runtime: nodejs
{{- else if .runtime }}
app.openshift.io/runtime: {{ .runtime }}
{{- end }}
{{- end }}

{{/* Pods with a checksum of the settings restart when a setting changes. */}}
{{- define "dtms.podAnnotations" -}}
{{- if and .w.run .root.Values.restartOnSettingsChange }}
annotations:
  dtms.io/settings: {{ include "dtms.settings" .root | sha256sum }}
{{- end }}
{{- end }}
