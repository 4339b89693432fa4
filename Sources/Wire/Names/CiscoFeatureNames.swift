// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// Cisco, second part.
  static let ciscoFeatures: StaticString = """
    @cefcPhysicalEntry 1.3.6.1.4.1.9.9.117.1.5.1.1
    cefcPhysicalStatus 1 other=1 supported=2 unsupported=3 incompatible=4
    @cefcPowerSupplyOutputEntry 1.3.6.1.4.1.9.9.117.1.6.2.1
    cefcPSOutputModeCurrent 2
    @cefcMIBNotifications 1.3.6.1.4.1.9.9.117.2.0
    cefcModuleStatusChange 1 trap
    cefcPowerStatusChange 2 trap
    cefcFRUInserted 3 trap
    cefcFRURemoved 4 trap
    cefcUnrecognizedFRU 5 trap
    cefcFanTrayStatusChange 6 trap
    cefcPowerSupplyOutputChange 7 trap
    cefcVmModuleStatusChangeNotif 8 trap
    @ciscoUdldpMIBNotifs 1.3.6.1.4.1.9.9.118.0
    cudldpFastHelloLinkFailRptNotification 1 trap
    cudldpFastHelloStatusChangeNotification 2 trap
    @cudldpGlobal 1.3.6.1.4.1.9.9.118.1.1
    cudldpHelloInterval 2
    @cudldpInterfaceEntry 1.3.6.1.4.1.9.9.118.1.2.1.1
    cudldpIfFastHelloInterval 6
    cudldpIfOperHelloInterval 7
    cudldpIfFastHelloOperStatus 8 operational=1 notOperational=2
    @ceAlarmHistEntry 1.3.6.1.4.1.9.9.138.1.3.3.1
    ceAlarmHistEntPhysicalIndex 3
    ceAlarmHistAlarmType 4
    ceAlarmHistSeverity 5 critical=1 major=2 minor=3 info=4
    ceAlarmHistTimeStamp 6
    @ciscoEntityAlarmMIBNotifications 1.3.6.1.4.1.9.9.138.2.0
    ceAlarmAsserted 1 trap
    ceAlarmCleared 2 trap
    @cikePeerEntry 1.3.6.1.4.1.9.9.171.1.2.2.1
    cikePeerLocalAddr 6 address
    cikePeerRemoteAddr 7 address
    @cikeTunnelEntry 1.3.6.1.4.1.9.9.171.1.2.3.1
    cikeTunIndex 1
    cikeTunLocalType 2 %IkePeerType
    cikeTunLocalValue 3
    cikeTunLocalAddr 4 address
    cikeTunLocalName 5
    cikeTunRemoteType 6 %IkePeerType
    cikeTunRemoteValue 7
    cikeTunRemoteAddr 8 address
    cikeTunRemoteName 9
    cikeTunNegoMode 10 main=1 aggressive=2
    cikeTunDiffHellmanGrp 11 %DiffHellmanGrp
    cikeTunEncryptAlgo 12 %EncryptAlgo
    cikeTunHashAlgo 13 none=1 md5=2 sha=3
    cikeTunAuthMethod 14 none=1 preSharedKey=2 rsaSig=3 rsaEncrypt=4 revPublicKey=5
    cikeTunLifeTime 15
    cikeTunActiveTime 16
    cikeTunSaRefreshThreshold 17
    cikeTunTotalRefreshes 18
    cikeTunInOctets 19
    cikeTunInPkts 20
    cikeTunInDropPkts 21
    cikeTunInNotifys 22
    cikeTunInP2Exchgs 23
    cikeTunInP2ExchgInvalids 24
    cikeTunInP2ExchgRejects 25
    cikeTunInP2SaDelRequests 26
    cikeTunOutOctets 27
    cikeTunOutPkts 28
    cikeTunOutDropPkts 29
    cikeTunOutNotifys 30
    cikeTunOutP2Exchgs 31
    cikeTunOutP2ExchgInvalids 32
    cikeTunOutP2ExchgRejects 33
    cikeTunOutP2SaDelRequests 34
    cikeTunStatus 35 %TunnelStatus
    @cipSecTunnelEntry 1.3.6.1.4.1.9.9.171.1.3.2.1
    cipSecTunIndex 1
    cipSecTunIkeTunnelIndex 2
    cipSecTunIkeTunnelAlive 3 %TruthValue
    cipSecTunLocalAddr 4 address
    cipSecTunRemoteAddr 5 address
    cipSecTunKeyType 6 ike=1 manual=2
    cipSecTunEncapMode 7 tunnel=1 transport=2
    cipSecTunLifeSize 8
    cipSecTunLifeTime 9
    cipSecTunActiveTime 10
    cipSecTunSaLifeSizeThreshold 11
    cipSecTunSaLifeTimeThreshold 12
    cipSecTunTotalRefreshes 13
    cipSecTunExpiredSaInstances 14
    cipSecTunCurrentSaInstances 15
    cipSecTunInSaDiffHellmanGrp 16 %DiffHellmanGrp
    cipSecTunInSaEncryptAlgo 17 %EncryptAlgo
    cipSecTunInSaAhAuthAlgo 18 %AuthAlgo
    cipSecTunInSaEspAuthAlgo 19 %AuthAlgo
    cipSecTunInSaDecompAlgo 20 %CompAlgo
    cipSecTunOutSaDiffHellmanGrp 21 %DiffHellmanGrp
    cipSecTunOutSaEncryptAlgo 22 %EncryptAlgo
    cipSecTunOutSaAhAuthAlgo 23 %AuthAlgo
    cipSecTunOutSaEspAuthAlgo 24 %AuthAlgo
    cipSecTunOutSaCompAlgo 25 %CompAlgo
    cipSecTunInOctets 26
    cipSecTunHcInOctets 27
    cipSecTunInOctWraps 28
    cipSecTunInDecompOctets 29
    cipSecTunHcInDecompOctets 30
    cipSecTunInDecompOctWraps 31
    cipSecTunInPkts 32
    cipSecTunInDropPkts 33
    cipSecTunInReplayDropPkts 34
    cipSecTunInAuths 35
    cipSecTunInAuthFails 36
    cipSecTunInDecrypts 37
    cipSecTunInDecryptFails 38
    cipSecTunOutOctets 39
    cipSecTunHcOutOctets 40
    cipSecTunOutOctWraps 41
    cipSecTunOutUncompOctets 42
    cipSecTunHcOutUncompOctets 43
    cipSecTunOutUncompOctWraps 44
    cipSecTunOutPkts 45
    cipSecTunOutDropPkts 46
    cipSecTunOutAuths 47
    cipSecTunOutAuthFails 48
    cipSecTunOutEncrypts 49
    cipSecTunOutEncryptFails 50
    cipSecTunStatus 51 %TunnelStatus
    @cipSecSpiEntry 1.3.6.1.4.1.9.9.171.1.3.4.1
    cipSecSpiProtocol 4 ah=1 esp=2 ipcomp=3
    @cipSecMIBNotifications 1.3.6.1.4.1.9.9.171.2.0
    cikeTunnelStart 1 trap
    cikeTunnelStop 2 trap
    cikeSysFailure 3 trap
    cikeCertCrlFailure 4 trap
    cikeProtocolFailure 5 trap
    cikeNoSa 6 trap
    cipSecTunnelStart 7 trap
    cipSecTunnelStop 8 trap
    cipSecSysFailure 9 trap
    cipSecSetUpFailure 10 trap
    cipSecEarlyTunTerm 11 trap
    cipSecProtocolFailure 12 trap
    cipSecNoSa 13 trap
    @cRFStatus 1.3.6.1.4.1.9.9.176.1.1
    cRFStatusUnitId 1
    cRFStatusUnitState 2 %RFState
    cRFStatusPeerUnitId 3
    cRFStatusPeerUnitState 4 %RFState
    cRFStatusLastSwactReasonCode 8 unsupported=1 none=2 notKnown=3 userInitiated=4 userForced=5
    + activeUnitFailed=6 activeUnitRemoved=7 activeGWdown=8 activeRMIportdown=9
    cRFStatusIssuState 12 unset=0 init=1 loadVersion=2 runVersion=3 commitVersion=4
    cRFStatusIssuStateRev1 13 init=0 systemReset=1 loadVersion=3 loadVersionSwitchover=4 runVersion=6
    + runVersionSwitchover=7 commitVersion=9
    cRFStatusIssuFromVersion 14
    cRFStatusIssuToVersion 15
    @ciscoRFMIBNotifications 1.3.6.1.4.1.9.9.176.2.0
    ciscoRFSwactNotif 1 trap
    ciscoRFProgressionNotif 2 trap
    ciscoRFIssuStateNotif 3 trap
    ciscoRFIssuStateNotifRev1 4 trap
    @cpim 1.3.6.1.4.1.9.9.184.1.1
    cpimInvalidRegisterMsgsRcvd 1
    cpimInvalidJoinPruneMsgsRcvd 2
    cpimLastErrorOriginType 4 family %InetAddressType
    cpimLastErrorOrigin 5 address
    cpimLastErrorGroupType 6 family %InetAddressType
    cpimLastErrorGroup 7 address
    cpimLastErrorRPType 8 family %InetAddressType
    cpimLastErrorRP 9 address
    @ciscoPimMIBNotifications 1.3.6.1.4.1.9.9.184.2.0
    ciscoPimInterfaceUp 1 trap
    ciscoPimInterfaceDown 2 trap
    ciscoPimRPMappingChange 3 trap
    ciscoPimInvalidRegister 4 trap
    ciscoPimInvalidJoinPrune 5 trap
    @ciscoPimMIBNotificationObjects 1.3.6.1.4.1.9.9.184.2.1
    cpimRPMappingChangeType 1 newMapping=1 deletedMapping=2 modifiedOldMapping=3 modifiedNewMapping=4
    @ciscoBgp4NotifyPrefix 1.3.6.1.4.1.9.9.187.0
    cbgpFsmStateChange 1 trap
    cbgpBackwardTransition 2 trap
    cbgpPrefixThresholdExceeded 3 trap
    cbgpPrefixThresholdClear 4 trap
    cbgpPeer2EstablishedNotification 5 trap
    cbgpPeer2BackwardTransNotification 6 trap
    cbgpPeer2FsmStateChange 7 trap
    cbgpPeer2BackwardTransition 8 trap
    cbgpPeer2PrefixThresholdExceeded 9 trap
    cbgpPeer2PrefixThresholdClear 10 trap
    @cbgpPeerEntry 1.3.6.1.4.1.9.9.187.1.2.1.1
    cbgpPeerPrefixAccepted 1
    cbgpPeerPrefixDenied 2
    cbgpPeerPrefixLimit 3
    cbgpPeerPrefixAdvertised 4
    cbgpPeerPrefixSuppressed 5
    cbgpPeerPrefixWithdrawn 6
    cbgpPeerLastErrorTxt 7
    cbgpPeerPrevState 8 %CbgpPeerPrevState
    @cbgpPeerAddrFamilyPrefixEntry 1.3.6.1.4.1.9.9.187.1.2.4.1
    cbgpPeerPrefixAdminLimit 3
    cbgpPeerPrefixThreshold 4
    cbgpPeerPrefixClearThreshold 5
    @cbgpPeer2Entry 1.3.6.1.4.1.9.9.187.1.2.5.1
    cbgpPeer2State 3 idle=1 connect=2 active=3 opensent=4 openconfirm=5 established=6
    cbgpPeer2LastError 17
    cbgpPeer2LastErrorTxt 28
    cbgpPeer2PrevState 29 %CbgpPeerPrevState
    @cbgpPeer2AddrFamilyPrefixEntry 1.3.6.1.4.1.9.9.187.1.2.8.1
    cbgpPeer2PrefixAdminLimit 3
    cbgpPeer2PrefixThreshold 4
    cbgpPeer2PrefixClearThreshold 5
    @cmnHistoryEntry 1.3.6.1.4.1.9.9.215.1.1.8.1
    cmnHistMacChangedMsg 2
    cmnHistTimestamp 3
    @cmnMACMoveObjects 1.3.6.1.4.1.9.9.215.1.3
    cmnMACMoveAddress 3 mac
    cmnMACMoveVlanNumber 4
    cmnMACMoveFromPortId 5
    cmnMACMoveToPortId 6
    cmnMACMoveTime 7
    @cmnMACThresholdObjects 1.3.6.1.4.1.9.9.215.1.4
    cmnMACThresholdLimit 2
    @cmnUtilizationEntry 1.3.6.1.4.1.9.9.215.1.4.5.1
    cmnUtilizationUtilization 2
    cmnUtilizationTimeStamp 3
    @cmnMIBNotifications 1.3.6.1.4.1.9.9.215.2.0
    cmnMacChangedNotification 1 trap
    cmnMacMoveNotification 2 trap
    cmnMacThresholdExceedNotif 3 trap
    @cempMIBNotifications 1.3.6.1.4.1.9.9.221.0
    cempMemBufferNotify 1 trap
    @cempMemBufferPoolEntry 1.3.6.1.4.1.9.9.221.1.1.2.1
    cempMemBufferName 3
    cempMemBufferPeak 17
    cempMemBufferPeakTime 18
    @ciscoIfExtensionMIBNotifications 1.3.6.1.4.1.9.9.276.0
    cieLinkDown 1 trap
    cieLinkUp 2 trap
    cieDelayedLinkUpDownNotif 3 trap
    @cieIfInterfaceEntry 1.3.6.1.4.1.9.9.276.1.1.2.1
    cieIfOperStatusCause 9
    @cpsInterfaceNotifs 1.3.6.1.4.1.9.9.315.0.0
    cpsSecureMacAddrViolation 1 trap
    cpsTrunkSecureMacAddrViolation 2 trap
    cpsIfVlanSecureMacAddrViolation 3 trap
    @cpsIfConfigEntry 1.3.6.1.4.1.9.9.315.1.2.1.1
    cpsIfPortSecurityEnable 1 %TruthValue
    cpsIfPortSecurityStatus 2 secureup=1 securedown=2 shutdown=3
    cpsIfMaxSecureMacAddr 3
    cpsIfCurrentSecureMacAddrCount 4
    cpsIfSecureMacAddrAgingTime 5
    cpsIfSecureMacAddrAgingType 6 absolute=1 inactivity=2
    cpsIfStaticMacAddrAgingEnable 7 %TruthValue
    cpsIfViolationAction 8 shutdown=1 dropNotify=2 drop=3
    cpsIfViolationCount 9
    cpsIfSecureLastMacAddress 10 mac
    cpsIfClearSecureAddresses 11 %TruthValue
    cpsIfUnicastFloodingEnable 12 %TruthValue
    cpsIfShutdownTimeout 13
    cpsIfClearSecureMacAddresses 14 done=0 dynamic=1 static=2 sticky=3 all=4
    cpsIfStickyEnable 15 %TruthValue
    cpsIfInvalidSrcRateLimitEnable 16 %TruthValue
    cpsIfInvalidSrcRateLimitValue 17
    cpsIfSecureLastMacAddrVlanId 18
    @ciscoDhcpSnoopingMIBNotifs 1.3.6.1.4.1.9.9.380.0
    cdsBindingsNotification 1 trap
    @cdsBindingsEntry 1.3.6.1.4.1.9.9.380.1.4.1.1
    cdsBindingsAddrType 3 family %InetAddressType
    cdsBindingsIpAddress 4 address
    @cpeExtMIBNotifs 1.3.6.1.4.1.9.9.402.0
    cpeExtPolicingNotif 1 trap
    @cpeExtPsePortEntry 1.3.6.1.4.1.9.9.402.1.2.1
    cpeExtPsePortAdditionalStatus 5 bits deny=0 overdraw=1 overdrawLog=2
    cpeExtPsePortPwrAllocated 7
    cpeExtPsePortMaxPwrDrawn 10
    cpeExtPsePortPolicingAction 14 deny=1 logOnly=2
    @cEigrpMIBNotifications 1.3.6.1.4.1.9.9.449.0
    cEigrpAuthFailureEvent 1 trap
    cEigrpRouteStuckInActive 2 trap
    cEigrpNbrDownEvent 3 trap
    @cEigrpTopoEntry 1.3.6.1.4.1.9.9.449.1.3.1.1
    cEigrpStuckInActive 6 %TruthValue
    @cEigrpPeerEntry 1.3.6.1.4.1.9.9.449.1.4.1.1
    cEigrpPeerAddrType 2 family %InetAddressType
    cEigrpPeerAddr 3 address
    @cswMIBNotifications 1.3.6.1.4.1.9.9.500.0.0
    cswStackPortChange 1 trap
    cswStackNewMaster 2 trap
    cswStackMismatch 3 trap
    cswStackRingRedundant 4 trap
    cswStackNewMember 5 trap
    cswStackMemberRemoved 6 trap
    cswStackPowerPortLinkStatusChanged 7 trap
    cswStackPowerPortOperStatusChanged 8 trap
    cswStackPowerVersionMismatch 9 trap
    cswStackPowerInvalidTopology 10 trap
    cscwStackPowerBudgetWarrning 11 trap
    cswStackPowerInvalidInputCurrent 12 trap
    cswStackPowerInvalidOutputCurrent 13 trap
    cswStackPowerUnderBudget 14 trap
    cswStackPowerUnbalancedPowerSupplies 15 trap
    cswStackPowerInsufficientPower 16 trap
    cswStackPowerPriorityConflict 17 trap
    cswStackPowerUnderVoltage 18 trap
    cswStackPowerGLS 19 trap
    cswStackPowerILS 20 trap
    cswStackPowerSRLS 21 trap
    cswStackPowerSSLS 22 trap
    cswStackMemberToBeReloadedForUpgrade 23 trap
    @cswGlobals 1.3.6.1.4.1.9.9.500.1.1
    cswRingRedundant 3 %TruthValue
    @cswSwitchInfoEntry 1.3.6.1.4.1.9.9.500.1.2.1.1
    cswSwitchNumCurrent 1
    cswSwitchState 6 waiting=1 progressing=2 added=3 ready=4 sdmMismatch=5 verMismatch=6 featureMismatch=7
    + newMasterInit=8 provisioned=9 invalid=10 removed=11
    @cswStackPortInfoEntry 1.3.6.1.4.1.9.9.500.1.2.2.1
    cswStackPortOperStatus 1 up=1 down=2 forcedDown=3
    @cswStackPowerInfoEntry 1.3.6.1.4.1.9.9.500.1.3.1.1
    cswStackPowerName 7
    @cswStackPowerPortInfoEntry 1.3.6.1.4.1.9.9.500.1.3.2.1
    cswStackPowerPortOperStatus 2 %ManagementDomainPruningStateOper
    cswStackPowerPortLinkStatus 5 up=1 down=2
    cswStackPowerPortOverCurrentThreshold 6
    cswStackPowerPortName 7
    @cErrDisableNotificationsPrefix 1.3.6.1.4.1.9.9.548.0.1
    cErrDisableInterfaceEvent 1 trap
    @ciscoErrDisableMIBNotifs 1.3.6.1.4.1.9.9.548.0
    cErrDisableInterfaceEventRev1 2 trap
    @cErrDisableIfStatusEntry 1.3.6.1.4.1.9.9.548.1.3.1.1
    cErrDisableIfStatusCause 2
    @ciscoAuthFrameworkMIBNotifs 1.3.6.1.4.1.9.9.656.0
    cafSecurityViolationNotif 1 trap
    cafAuthFailNotif 2 trap
    @ciscoAuthFrwkNotifInfo 1.3.6.1.4.1.9.9.656.1.6
    cafSecurityViolationClient 1 mac
    cafAuthFailClient 2 mac
    @cipsIsakmpGroup 1.3.6.1.4.1.9.10.62.1.1
    cipsNumIsakmpPolicies 4
    @cipsStaticCryptomapSetEntry 1.3.6.1.4.1.9.10.62.1.2.3.1.1
    cipsStaticCryptomapSetSize 2
    cipsStaticCryptomapSetNumIsakmp 3
    cipsStaticCryptomapSetNumDynamic 6
    @cipsStaticCryptomapEntry 1.3.6.1.4.1.9.10.62.1.2.3.3.1
    cipsStaticCryptomapType 2 cryptomapTypeNONE=0 cryptomapTypeMANUAL=1 cryptomapTypeISAKMP=2
    + cryptomapTypeCET=3 cryptomapTypeDYNAMIC=4 cryptomapTypeDYNAMICDISCOVERY=5
    @cipsSysCapacityGroup 1.3.6.1.4.1.9.10.62.1.3
    cipsMaxSAs 1
    @cipsMIBNotifications 1.3.6.1.4.1.9.10.62.2.0
    cipsIsakmpPolicyAdded 1 trap
    cipsIsakmpPolicyDeleted 2 trap
    cipsCryptomapAdded 3 trap
    cipsCryptomapDeleted 4 trap
    cipsCryptomapSetAttached 5 trap
    cipsCryptomapSetDetached 6 trap
    cipsTooManySAs 7 trap
    @cospfAreaEntry 1.3.6.1.4.1.9.10.99.2.1
    cospfAreaNssaTranslatorState 4 enabled=1 elected=2 disabled=3
    @cospfLsdbEntry 1.3.6.1.4.1.9.10.99.3.1
    cospfLsdbType 1 areaOpaqueLink=10 asOpaqueLink=11
    @cospfShamLinkEntry 1.3.6.1.4.1.9.10.99.6.1
    cospfShamLinkAreaId 1
    cospfShamLinkLocalIpAddress 2
    cospfShamLinkNeighborId 3
    cospfShamLinkState 7 %CospfShamLinkState
    @cospfShamLinkNbrEntry 1.3.6.1.4.1.9.10.99.10.1
    cospfShamLinkNbrArea 1
    cospfShamLinkNbrIpAddrType 2 family %InetAddressType
    cospfShamLinkNbrIpAddr 3 address
    cospfShamLinkNbrRtrId 4
    cospfShamLinkNbrState 6 down=1 attempt=2 init=3 twoWay=4 exchangeStart=5 exchange=6 loading=7 full=8
    @cospfShamLinksEntry 1.3.6.1.4.1.9.10.99.11.1
    cospfShamLinksAreaId 1
    cospfShamLinksLocalIpAddrType 2 family %InetAddressType
    cospfShamLinksLocalIpAddr 3 address
    cospfShamLinksRemoteIpAddrType 4 family %InetAddressType
    cospfShamLinksRemoteIpAddr 5 address
    cospfShamLinksState 9 %CospfShamLinkState
    @ciscoOspfTrapMIBNotifs 1.3.6.1.4.1.9.10.101.0
    cospfIfConfigError 1 trap
    cospfVirtIfConfigError 2 trap
    cospfTxRetransmit 3 trap
    cospfVirtIfTxRetransmit 4 trap
    cospfOriginateLsa 5 trap
    cospfMaxAgeLsa 6 trap
    cospfNssaTranslatorStatusChange 7 trap
    cospfShamLinkStateChange 8 trap
    cospfShamLinkNbrStateChange 9 trap
    cospfShamLinkConfigError 10 trap
    cospfShamLinkAuthFailure 11 trap
    cospfShamLinkRxBadPacket 12 trap
    cospfShamLinkTxRetransmit 13 trap
    cospfShamLinksStateChange 14 trap
    @cospfTrapControl 1.3.6.1.4.1.9.10.101.1.1
    cospfConfigErrorType 2 badVersion=1 areaMismatch=2 unknownNbmaNbr=3 unknownVirtualNbr=4
    + authTypeMismatch=5 authFailure=6 netMaskMismatch=7 helloIntervalMismatch=8 deadIntervalMismatch=9
    + optionMismatch=10 mtuMismatch=11 noError=12 unknownShamLinkNbr=13
    cospfPacketType 3 hello=1 dbDescript=2 lsReq=3 lsUpdate=4 lsAck=5 nullPacket=6
    cospfPacketSrc 4
    @ciscoBfdNotifications 1.3.6.1.4.1.9.10.137.0
    ciscoBfdSessUp 1 trap
    ciscoBfdSessDown 2 trap
    @ciscoBfdSessEntry 1.3.6.1.4.1.9.10.137.1.2.1
    ciscoBfdSessDiag 8 noDiagnostic=0 controlDetectionTimeExpired=1 echoFunctionFailed=2
    + neighborSignaledSessionDown=3 forwardingPlaneReset=4 pathDown=5 concatenatedPathDown=6
    + administrativelyDown=7 reverseConcatenatedPathDown=8
    """
}
