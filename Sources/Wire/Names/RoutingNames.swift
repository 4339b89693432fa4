// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// OSPF, OSPFv3, BGP, RIP, IS-IS, LDP, MPLS, PIM, MSDP, BFD.
  static let routing: StaticString = """
    %InetAddressType unknown=0 ipv4=1 ipv6=2 ipv4z=3 ipv6z=4 dns=16
    %OspfAreaNssaTranslatorState enabled=1 elected=2 disabled=3
    %OspfNbrRestartHelperStatus notHelping=1 helping=2
    %OspfNbrState down=1 attempt=2 init=3 twoWay=4 exchangeStart=5 exchange=6 loading=7 full=8
    %OspfPacketType hello=1 dbDescript=2 lsReq=3 lsUpdate=4 lsAck=5 nullPacket=6
    %OspfRestartExitReason none=1 inProgress=2 completed=3 timedOut=4 topologyChanged=5
    %OspfRestartStatus notRestarting=1 plannedRestart=2 unplannedRestart=3
    %OspfVirtIfState down=1 pointToPoint=4
    @mplsTeNotifications 1.3.6.1.2.1.10.166.3.0
    mplsTunnelUp 1 trap
    mplsTunnelDown 2 trap
    mplsTunnelRerouted 3 trap
    mplsTunnelReoptimized 4 trap
    @mplsTunnelEntry 1.3.6.1.2.1.10.166.3.2.2.1
    mplsTunnelAdminStatus 34 up=1 down=2 testing=3
    mplsTunnelOperStatus 35 up=1 down=2 testing=3 unknown=4 dormant=5 notPresent=6 lowerLayerDown=7
    @mplsLdpNotifications 1.3.6.1.2.1.10.166.4.0
    mplsLdpInitSessionThresholdExceeded 1 trap
    mplsLdpPathVectorLimitMismatch 2 trap
    mplsLdpSessionUp 3 trap
    mplsLdpSessionDown 4 trap
    @mplsLdpEntityEntry 1.3.6.1.2.1.10.166.4.1.2.3.1
    mplsLdpEntityInitSessionThreshold 11
    mplsLdpEntityPathVectorLimit 14
    @mplsLdpPeerEntry 1.3.6.1.2.1.10.166.4.1.3.2.1
    mplsLdpPeerPathVectorLimit 3
    @mplsLdpSessionEntry 1.3.6.1.2.1.10.166.4.1.3.3.1
    mplsLdpSessionState 2 nonexistent=1 initialized=2 openrec=3 opensent=4 operational=5
    mplsLdpSessionDiscontinuityTime 8
    @mplsLdpSessionStatsEntry 1.3.6.1.2.1.10.166.4.1.3.4.1
    mplsLdpSessionStatsUnknownMesTypeErrors 1
    mplsLdpSessionStatsUnknownTlvErrors 2
    @mplsL3VpnNotifications 1.3.6.1.2.1.10.166.11.0
    mplsL3VpnVrfUp 1 trap
    mplsL3VpnVrfDown 2 trap
    mplsL3VpnVrfRouteMidThreshExceeded 3 trap
    mplsL3VpnVrfNumVrfRouteMaxThreshExceeded 4 trap
    mplsL3VpnNumVrfSecIllglLblThrshExcd 5 trap
    mplsL3VpnNumVrfRouteMaxThreshCleared 6 trap
    @mplsL3VpnIfConfEntry 1.3.6.1.2.1.10.166.11.1.2.1.1
    mplsL3VpnIfConfRowStatus 5 active=1 notInService=2 notReady=3 createAndGo=4 createAndWait=5 destroy=6
    @mplsL3VpnVrfEntry 1.3.6.1.2.1.10.166.11.1.2.2.1
    mplsL3VpnVrfOperStatus 6 up=1 down=2
    mplsL3VpnVrfConfMidRteThresh 9
    mplsL3VpnVrfConfHighRteThresh 10
    @mplsL3VpnVrfSecEntry 1.3.6.1.2.1.10.166.11.1.2.6.1
    mplsL3VpnVrfSecIllegalLblVltns 1
    @mplsL3VpnVrfPerfEntry 1.3.6.1.2.1.10.166.11.1.3.1.1
    mplsL3VpnVrfPerfCurrNumRoutes 3
    @ospfGeneralGroup 1.3.6.1.2.1.14.1
    ospfRouterId 1
    ospfAdminStat 2 enabled=1 disabled=2
    ospfVersionNumber 3 version2=2
    ospfExtLsdbLimit 11
    ospfRestartInterval 19
    ospfRestartStatus 21 %OspfRestartStatus
    ospfRestartExitReason 23 %OspfRestartExitReason
    @ospfAreaEntry 1.3.6.1.2.1.14.2.1
    ospfAreaId 1
    ospfAreaNssaTranslatorState 12 %OspfAreaNssaTranslatorState
    @ospfLsdbEntry 1.3.6.1.2.1.14.4.1
    ospfLsdbAreaId 1
    ospfLsdbType 2 routerLink=1 networkLink=2 summaryLink=3 asSummaryLink=4 asExternalLink=5 multicastLink=6
    + nssaExternalLink=7 areaOpaqueLink=10
    ospfLsdbLsid 3
    ospfLsdbRouterId 4
    @ospfIfEntry 1.3.6.1.2.1.14.7.1
    ospfIfIpAddress 1
    ospfAddressLessIf 2
    ospfIfState 12 down=1 loopback=2 waiting=3 pointToPoint=4 designatedRouter=5 backupDesignatedRouter=6
    + otherDesignatedRouter=7
    ospfIfAuthKey 16
    @ospfVirtIfEntry 1.3.6.1.2.1.14.9.1
    ospfVirtIfAreaId 1
    ospfVirtIfNeighbor 2
    ospfVirtIfState 7 %OspfVirtIfState
    ospfVirtIfAuthKey 9
    @ospfNbrEntry 1.3.6.1.2.1.14.10.1
    ospfNbrIpAddr 1
    ospfNbrAddressLessIndex 2
    ospfNbrRtrId 3
    ospfNbrState 6 %OspfNbrState
    ospfNbrRestartHelperStatus 12 %OspfNbrRestartHelperStatus
    ospfNbrRestartHelperAge 13
    ospfNbrRestartHelperExitReason 14 %OspfRestartExitReason
    @ospfVirtNbrEntry 1.3.6.1.2.1.14.11.1
    ospfVirtNbrArea 1
    ospfVirtNbrRtrId 2
    ospfVirtNbrState 5 %OspfNbrState
    ospfVirtNbrRestartHelperStatus 9 %OspfNbrRestartHelperStatus
    ospfVirtNbrRestartHelperAge 10
    ospfVirtNbrRestartHelperExitReason 11 %OspfRestartExitReason
    @ospfTrapControl 1.3.6.1.2.1.14.16.1
    ospfConfigErrorType 2 badVersion=1 areaMismatch=2 unknownNbmaNbr=3 unknownVirtualNbr=4
    + authTypeMismatch=5 authFailure=6 netMaskMismatch=7 helloIntervalMismatch=8 deadIntervalMismatch=9
    + optionMismatch=10 mtuMismatch=11 duplicateRouterId=12 noError=13
    ospfPacketType 3 %OspfPacketType
    ospfPacketSrc 4
    @ospfTraps 1.3.6.1.2.1.14.16.2
    ospfVirtIfStateChange 1 trap
    ospfNbrStateChange 2 trap
    ospfVirtNbrStateChange 3 trap
    ospfIfConfigError 4 trap
    ospfVirtIfConfigError 5 trap
    ospfIfAuthFailure 6 trap
    ospfVirtIfAuthFailure 7 trap
    ospfIfRxBadPacket 8 trap
    ospfVirtIfRxBadPacket 9 trap
    ospfTxRetransmit 10 trap
    ospfVirtIfTxRetransmit 11 trap
    ospfOriginateLsa 12 trap
    ospfMaxAgeLsa 13 trap
    ospfLsdbOverflow 14 trap
    ospfLsdbApproachingOverflow 15 trap
    ospfIfStateChange 16 trap
    ospfNssaTranslatorStatusChange 17 trap
    ospfRestartStatusChange 18 trap
    ospfNbrRestartHelperStatusChange 19 trap
    ospfVirtNbrRestartHelperStatusChange 20 trap
    @bgpNotification 1.3.6.1.2.1.15.0
    bgpEstablishedNotification 1 trap
    bgpBackwardTransNotification 2 trap
    @bgp 1.3.6.1.2.1.15
    bgpVersion 1
    bgpLocalAs 2
    @bgpPeerEntry 1.3.6.1.2.1.15.3.1
    bgpPeerIdentifier 1
    bgpPeerState 2 idle=1 connect=2 active=3 opensent=4 openconfirm=5 established=6
    bgpPeerAdminStatus 3 stop=1 start=2
    bgpPeerNegotiatedVersion 4
    bgpPeerLocalAddr 5
    bgpPeerLocalPort 6
    bgpPeerRemoteAddr 7
    bgpPeerRemotePort 8
    bgpPeerRemoteAs 9
    bgpPeerInUpdates 10
    bgpPeerOutUpdates 11
    bgpPeerInTotalMessages 12
    bgpPeerOutTotalMessages 13
    bgpPeerLastError 14
    bgpPeerFsmEstablishedTransitions 15
    bgpPeerFsmEstablishedTime 16
    bgpPeerConnectRetryInterval 17
    bgpPeerHoldTime 18
    bgpPeerKeepAlive 19
    bgpPeerHoldTimeConfigured 20
    bgpPeerKeepAliveConfigured 21
    bgpPeerMinASOriginationInterval 22
    bgpPeerMinRouteAdvertisementInterval 23
    bgpPeerInUpdateElapsedTime 24
    @bgp 1.3.6.1.2.1.15
    bgpIdentifier 4
    @bgpTraps 1.3.6.1.2.1.15.7
    bgpEstablished 1 trap
    bgpBackwardTransition 2 trap
    @rip2IfConfEntry 1.3.6.1.2.1.23.3.1
    rip2IfConfAuthKey 4
    @isisNotifications 1.3.6.1.2.1.138.0
    isisDatabaseOverload 1 trap
    isisManualAddressDrops 2 trap
    isisCorruptedLSPDetected 3 trap
    isisAttemptToExceedMaxSequence 4 trap
    isisIDLenMismatch 5 trap
    isisMaxAreaAddressesMismatch 6 trap
    isisOwnLSPPurge 7 trap
    isisSequenceNumberSkip 8 trap
    isisAuthenticationTypeFailure 9 trap
    isisAuthenticationFailure 10 trap
    isisVersionSkew 11 trap
    isisAreaMismatch 12 trap
    isisRejectedAdjacency 13 trap
    isisLSPTooLargeToPropagate 14 trap
    isisOrigLSPBuffSizeMismatch 15 trap
    isisProtocolsSupportedMismatch 16 trap
    isisAdjacencyChange 17 trap
    isisLSPErrorDetected 18 trap
    @isisSysLevelEntry 1.3.6.1.2.1.138.1.2.1.1
    isisSysLevelState 4 off=1 on=2 waiting=3 overloaded=4
    @isisNotificationEntry 1.3.6.1.2.1.138.1.10.1
    isisNotificationSysLevelIndex 1 level1=1 level2=2 level1and2=3
    isisNotificationCircIfIndex 2
    isisPduLspId 3 hex
    isisPduFragment 4 hex
    isisPduFieldLen 5
    isisPduMaxAreaAddress 6
    isisPduProtocolVersion 7
    isisPduLspSize 8
    isisPduOriginatingBufferSize 9
    isisPduBufferSize 10
    isisPduProtocolsSupported 11
    isisAdjState 12 down=1 initializing=2 up=3 failed=4
    isisErrorOffset 13
    isisErrorTLVType 14
    isisNotificationAreaAddress 15 hex
    @pimNotifications 1.3.6.1.2.1.157.0
    pimNeighborLoss 1 trap
    pimInvalidRegister 2 trap
    pimInvalidJoinPrune 3 trap
    pimRPMappingChange 4 trap
    pimInterfaceElection 5 trap
    @pimInterfaceEntry 1.3.6.1.2.1.157.1.1.1
    pimInterfaceAddressType 3 family %InetAddressType
    pimInterfaceAddress 4 address
    @pimNeighborEntry 1.3.6.1.2.1.157.1.2.1
    pimNeighborUpTime 6
    @pimGroupMappingEntry 1.3.6.1.2.1.157.1.13.1
    pimGroupMappingPimMode 7 none=1 ssm=2 asm=3 bidir=4 dm=5 other=6
    pimGroupMappingPrecedence 8
    @pim 1.3.6.1.2.1.157.1
    pimInvalidRegisterAddressType 33 family %InetAddressType
    pimInvalidRegisterOrigin 34 address
    pimInvalidRegisterGroup 35 address
    pimInvalidRegisterRp 36 address
    pimInvalidJoinPruneAddressType 39 family %InetAddressType
    pimInvalidJoinPruneOrigin 40 address
    pimInvalidJoinPruneGroup 41 address
    pimInvalidJoinPruneRp 42 address
    @ospfv3Notifications 1.3.6.1.2.1.191.0
    ospfv3VirtIfStateChange 1 trap
    ospfv3NbrStateChange 2 trap
    ospfv3VirtNbrStateChange 3 trap
    ospfv3IfConfigError 4 trap
    ospfv3VirtIfConfigError 5 trap
    ospfv3IfRxBadPacket 6 trap
    ospfv3VirtIfRxBadPacket 7 trap
    ospfv3LsdbOverflow 8 trap
    ospfv3LsdbApproachingOverflow 9 trap
    ospfv3IfStateChange 10 trap
    ospfv3NssaTranslatorStatusChange 11 trap
    ospfv3RestartStatusChange 12 trap
    ospfv3NbrRestartHelperStatusChange 13 trap
    ospfv3VirtNbrRestartHelperStatusChange 14 trap
    @ospfv3GeneralGroup 1.3.6.1.2.1.191.1.1
    ospfv3RouterId 1
    ospfv3ExtAreaLsdbLimit 11
    ospfv3RestartInterval 16
    ospfv3RestartStatus 18 %OspfRestartStatus
    ospfv3RestartExitReason 20 %OspfRestartExitReason
    @ospfv3AreaEntry 1.3.6.1.2.1.191.1.2.1
    ospfv3AreaNssaTranslatorState 12 %OspfAreaNssaTranslatorState
    @ospfv3IfEntry 1.3.6.1.2.1.191.1.7.1
    ospfv3IfState 12 down=1 loopback=2 waiting=3 pointToPoint=4 designatedRouter=5 backupDesignatedRouter=6
    + otherDesignatedRouter=7 standby=8
    @ospfv3VirtIfEntry 1.3.6.1.2.1.191.1.8.1
    ospfv3VirtIfState 9 %OspfVirtIfState
    @ospfv3NbrEntry 1.3.6.1.2.1.191.1.9.1
    ospfv3NbrState 8 %OspfNbrState
    ospfv3NbrRestartHelperStatus 13 %OspfNbrRestartHelperStatus
    ospfv3NbrRestartHelperAge 14
    ospfv3NbrRestartHelperExitReason 15 %OspfRestartExitReason
    @ospfv3VirtNbrEntry 1.3.6.1.2.1.191.1.11.1
    ospfv3VirtNbrState 8 %OspfNbrState
    ospfv3VirtNbrRestartHelperStatus 13 %OspfNbrRestartHelperStatus
    ospfv3VirtNbrRestartHelperAge 14
    ospfv3VirtNbrRestartHelperExitReason 15 %OspfRestartExitReason
    @ospfv3NotificationEntry 1.3.6.1.2.1.191.1.14
    ospfv3ConfigErrorType 1 badVersion=1 areaMismatch=2 unknownNbmaNbr=3 unknownVirtualNbr=4
    + helloIntervalMismatch=5 deadIntervalMismatch=6 optionMismatch=7 mtuMismatch=8 duplicateRouterId=9
    + noError=10
    ospfv3PacketType 2 %OspfPacketType
    ospfv3PacketSrc 3 address
    @bfdNotifications 1.3.6.1.2.1.222.0
    bfdSessUp 1 trap
    bfdSessDown 2 trap
    @bfdSessEntry 1.3.6.1.2.1.222.1.2.1
    bfdSessDiag 13 noDiagnostic=0 controlDetectionTimeExpired=1 echoFunctionFailed=2
    + neighborSignaledSessionDown=3 forwardingPlaneReset=4 pathDown=5 concatenatedPathDown=6
    + administrativelyDown=7 reverseConcatenatedPathDown=8 misConnectivityDefect=9
    @msdpTraps 1.3.6.1.3.92.1.1.0
    msdpEstablished 1 trap
    msdpBackwardTransition 2 trap
    @msdpPeerEntry 1.3.6.1.3.92.1.1.5.1
    msdpPeerState 3 inactive=1 listen=2 connecting=3 established=4 disabled=5
    msdpPeerFsmEstablishedTransitions 15
    """
}
