{{/*
Every Deployment of the release, as a list of what differs between them; deployments.yaml makes objects of it.
  run        arguments of a service of DTMS: command, health routes, settings, log and folder for temporary files follow
  required   settings without which it refuses to start: a ConfigMap that lost a key is named in the pod's message
  container  the container of somebody else's program, without what all containers share
  surge      may have two pods while it is replaced
*/}}
{{- define "dtms.workloads" -}}
{{- $is := include "dtms.is" . | fromYaml -}}
{{- if $is.single }}
- name: dtms
  component: all-in-one
  port: 8003
  run: [up]
  required: DTMS_DATA_DIR,DTMS_HOST
  apiKey: true
  withoutService: true
{{- else }}
{{- range $site := list "a" "b" "c" }}
- name: exporter-site-{{ $site }}
  component: collection
  values: exporter
  port: 8000
  run: [run, exporter]
  required: DTMS_DATA_DIR,DTMS_HOST,DTMS_SCENARIO,DTMS_SEED
  env:
    - name: SITE_NAME
      value: SITE_{{ upper $site }}
{{- end }}
- name: anomaly
  component: detection
  port: 8001
  run: [run, anomaly]
  required: DTMS_DATA_DIR,DTMS_HOST
- name: dtms-freshness
  component: detection
  port: 8004
  run: [run, freshness]
  required: DTMS_DATA_DIR,DTMS_HOST,API_BASE_URL
  connectsTo: [dtms-api]
- name: dtms-api
  component: api
  port: 8003
  run: [run, api]
  required: DTMS_DATA_DIR,DTMS_HOST
  apiKey: true
{{- end }}
{{- if $is.stream }}
- name: dtms-producer
  component: processing
  port: 8006
  run: [run, producer]
  required: DTMS_DATA_DIR,DTMS_HOST,DTMS_KAFKA_BROKERS
  connectsTo: [dtms-kafka]
- name: dtms-stream
  component: processing
  port: 8002
  run: [run, stream]
  required: DTMS_DATA_DIR,DTMS_HOST,DTMS_KAFKA_BROKERS
  connectsTo: [dtms-kafka]
  surge: true
{{ include "dtms.kafka" . }}
{{ include "dtms.alertmanager" . }}
{{- end }}
{{ include "dtms.prometheus" . }}
{{- if $is.grafana }}
{{ include "dtms.grafana" . }}
{{- end }}
{{- if .Values.components.pushgateway }}
{{ include "dtms.pushgateway" . }}
{{- end }}
{{- end }}
