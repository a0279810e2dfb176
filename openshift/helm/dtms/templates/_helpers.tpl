{{/* What the values come to, once: `$is := include "dtms.is" . | fromYaml`. */}}
{{- define "dtms.is" -}}
{{- $profile := toString .Values.profile -}}
{{- $modes := dict "3" "rwx" "1" "rwo-colocated" "0.5" "single-pod" -}}
{{- $mode := .Values.storage.mode | default (get $modes $profile) -}}
{{- $single := eq $mode "single-pod" -}}
{{- $stream := and (eq $profile "3") (not $single) -}}
{{- if and (eq $profile "0.5") (not $single) -}}
{{- fail (printf "storage.mode %s has a pod for each service, which half a vCPU does not carry: leave storage.mode empty, or take profile 1" $mode) -}}
{{- end -}}
{{- if and .Values.storage.ephemeral (not $single) -}}
{{- fail "storage.ephemeral is for storage.mode=single-pod: several pods share the log only through a claim" -}}
{{- end -}}
{{- range $name := list "pushgateway" "hpa" "discovery" -}}
{{- if and (get $.Values.components $name) (not $stream) -}}
{{- fail (printf "components.%s needs profile 3 and a storage.mode with a pod for each service" $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.components.hpa (gt (int (index .Values.workloads "dtms-stream").replicas) 1) -}}
{{- fail "components.hpa chooses the replicas of dtms-stream: leave workloads.dtms-stream.replicas at 1" -}}
{{- end -}}
mode: {{ $mode }}
single: {{ $single }}
colocated: {{ eq $mode "rwo-colocated" }}
stream: {{ $stream }}
grafana: {{ ne $profile "0.5" }}
openshift: {{ eq .Values.platform "openshift" }}
builds: {{ and (eq .Values.platform "openshift") .Values.components.build }}
prometheusConfig: {{ if .Values.components.discovery }}discovery{{ else if .Values.components.pushgateway }}pushgateway{{ else if $single }}single-pod{{ else if $stream }}""{{ else }}small{{ end }}
{{- end }}

{{/* Labels of everything: (list NAME COMPONENT). */}}
{{- define "dtms.labels" -}}
app.kubernetes.io/name: {{ index . 0 }}
app.kubernetes.io/part-of: dtms
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* A file of the chart; its contents live in openshift/ and are linked, so that they are written once. */}}
{{- define "dtms.file" -}}
{{- $text := .root.Files.Get (printf "files/%s" .path) -}}
{{- if not $text -}}
{{- fail (printf "the chart has no files/%s: its files are symbolic links into openshift/, so take the chart from a checkout of the repository, or from `helm package openshift/helm/dtms`" .path) -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{- define "dtms.image" -}}
{{- with .Values.image -}}
{{- if .repository -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- else if eq $.Values.platform "openshift" -}}
dtms:latest
{{- else -}}
registry.example.org/dtms:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "dtms.grafanaImage" -}}
{{- if and (eq .Values.platform "openshift") .Values.components.build -}}
grafana:{{ .Values.images.grafanaTag }}
{{- else -}}
{{ .Values.images.grafana }}
{{- end -}}
{{- end }}

{{- define "dtms.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Pods that may share the claim of the log run where the first of them runs. */}}
{{- define "dtms.colocated" -}}
affinity:
  podAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            dtms.io/volume: data
{{- end }}

{{/* Settings of all services: those of the plain folder, and the user's above them. */}}
{{- define "dtms.settings" -}}
{{- $settings := include "dtms.file" (dict "root" . "path" "config/dtms-settings.yaml") | fromYaml -}}
{{- $_ := set $settings "data" (merge (dict) .Values.settings $settings.data) -}}
{{- if .Values.components.pushgateway -}}
{{- $_ := set $settings.data "PUSHGATEWAY_URL" (.Values.settings.PUSHGATEWAY_URL | default "http://pushgateway:9091") -}}
{{- end -}}
{{- range $name, $value := $settings.data -}}
{{- $_ := set $settings.data $name (toString $value) -}}
{{- end -}}
{{ toYaml $settings }}
{{- end }}

{{- define "dtms.host" -}}
{{- $e := get .root.Values.expose .name -}}
{{- $e.host | default (printf "%s.%s" .name .root.Values.ingress.domain) -}}
{{- end }}
