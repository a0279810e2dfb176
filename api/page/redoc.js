window.Redoc.init(
  '/openapi.json',
  { hideDownloadButton: false, nativeScrollbars: true },
  document.getElementById('docs'),
)
