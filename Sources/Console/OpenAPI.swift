/// The description of the API (OpenAPI 3.1): what `/api/v1/openapi.yaml` serves. The same stands in
/// `docs/openapi.yaml`.
package enum OpenAPI {
  package static let text = paths + components + watching
}
