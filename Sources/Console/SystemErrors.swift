import Glibc

/// The errors of bind(2) that the console explains.
enum SystemErrors {
  static var addressInUse: Int32 { EADDRINUSE }
  static var accessDenied: Int32 { EACCES }
  static var addressNotAvailable: Int32 { EADDRNOTAVAIL }
}
