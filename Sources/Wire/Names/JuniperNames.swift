// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// Juniper: chassis, FRUs, configuration, alarms, LDP, VPN, MPLS, BGP, and what their traps carry.
  static let juniper: StaticString = """
    %InetAddressType unknown=0 ipv4=1 ipv6=2 ipv4z=3 ipv6z=4 dns=16
    %JnxCmCfChgSource other=1 cli=2 junoscript=3 synchronize=4 snmp=5 button=6 autoinstall=7 unknown=8
    %JnxDomAlarmId domRxLossSignalAlarm=0 domRxCDRLossLockAlarm=1 domRxNotReadyAlarm=2
    + domRxLaserPowerHighAlarm=3 domRxLaserPowerLowAlarm=4 domTxLaserBiasCurrentHighAlarm=5
    + domTxLaserBiasCurrentLowAlarm=6 domTxLaserOutputPowerHighAlarm=7 domTxLaserOutputPowerLowAlarm=8
    + domTxDataNotReadyAlarm=9 domTxNotReadyAlarm=10 domTxLaserFaultAlarm=11 domTxCDRLossLockAlarm=12
    + domModuleTemperatureHighAlarm=13 domModuleTemperatureLowAlarm=14 domModuleNotReadyAlarm=15
    + domModulePowerDownAlarm=16 domLinkDownAlarm=17 domModuleRemovedAlarm=18 domModuleVoltageHighAlarm=19
    + domModuleVoltageLowAlarm=20
    %JnxDomLaneAlarmId domLaneRxLaserPowerHighAlarm=0 domLaneRxLaserPowerLowAlarm=1
    + domLaneTxLaserBiasCurrentHighAlarm=2 domLaneTxLaserBiasCurrentLowAlarm=3
    + domLaneTxLaserOutputPowerHighAlarm=4 domLaneTxLaserOutputPowerLowAlarm=5
    + domLaneLaserTemperatureHighAlarm=6 domLaneLaserTemperatureLowAlarm=7
    %JnxSonetAlarmId sonetLolAlarm=0 sonetPllAlarm=1 sonetLofAlarm=2 sonetLosAlarm=3 sonetSefAlarm=4
    + sonetLaisAlarm=5 sonetPaisAlarm=6 sonetLopAlarm=7 sonetBerrSdAlarm=8 sonetBerrSfAlarm=9
    + sonetLrdiAlarm=10 sonetPrdiAlarm=11 sonetReiAlarm=12 sonetUneqAlarm=13 sonetPmisAlarm=14
    + sonetLocAlarm=15 sonetVaisAlarm=16 sonetVlopAlarm=17 sonetVrdiAlarm=18 sonetVuneqAlarm=19
    + sonetVmisAlarm=20 sonetVlocAlarm=21 sdhLolAlarm=22 sdhPllAlarm=23 sdhLofAlarm=24 sdhLosAlarm=25
    + sdhOofAlarm=26 sdhMsAisAlarm=27 sdhHpAisAlarm=28 sdhLopAlarm=29 sdhBerrSdAlarm=30 sdhBerrSfAlarm=31
    + sdhMsFerfAlarm=32 sdhHpFerfAlarm=33 sdhMsFebeAlarm=34 sdhHpUneqAlarm=35 sdhHpMisAlarm=36
    + sdhLocAlarm=37
    %JnxVirtualChassisPortAdminStatus up=1 down=2 unknown=3
    %JnxVpnType other=1 bgpIpVpn=2 bgpL2Vpn=3 bgpVpls=4 l2Circuit=5 ldpVpls=6 opticalVpn=7 vpOxc=8 ccc=9
    + bgpAtmVpn=10
    %JnxYellowAlarmState other=1 off=2 on=3
    @jnxContentsEntry 1.3.6.1.4.1.2636.3.1.8.1
    jnxContentsContainerIndex 1
    jnxContentsL1Index 2
    jnxContentsL2Index 3
    jnxContentsL3Index 4
    jnxContentsType 5
    jnxContentsDescr 6
    jnxContentsSerialNo 7
    jnxContentsRevision 8
    jnxContentsInstalled 9
    jnxContentsPartNo 10
    jnxContentsChassisId 11
    jnxContentsChassisDescr 12
    jnxContentsChassisCleiCode 13
    jnxContentsModel 14
    @jnxLEDEntry 1.3.6.1.4.1.2636.3.1.10.1
    jnxLEDAssociateTable 1 other=1 jnxContainersTable=2 jnxContentsTable=3
    jnxLEDAssociateIndex 2
    jnxLEDL1Index 3
    jnxLEDL2Index 4
    jnxLEDL3Index 5
    jnxLEDOriginator 6
    jnxLEDDescr 7
    jnxLEDState 8 other=1 green=2 yellow=3 red=4 blue=5 amber=6 off=7 blinkingGreen=8 blinkingYellow=9
    + blinkingRed=10 blinkingBlue=11 blinkingAmber=12
    jnxLEDStateOrdered 9 blue=1 green=2 amber=3 yellow=4 red=5 other=6 off=7 blinkingBlue=8 blinkingGreen=9
    + blinkingAmber=10 blinkingYellow=11 blinkingRed=12
    @jnxOperatingEntry 1.3.6.1.4.1.2636.3.1.13.1
    jnxOperatingContentsIndex 1
    jnxOperatingL1Index 2
    jnxOperatingL2Index 3
    jnxOperatingL3Index 4
    jnxOperatingDescr 5
    jnxOperatingState 6 unknown=1 running=2 ready=3 reset=4 runningAtFullSpeed=5 down=6 standby=7
    jnxOperatingTemp 7
    jnxOperatingCPU 8
    jnxOperatingISR 9
    jnxOperatingDRAMSize 10
    jnxOperatingBuffer 11
    jnxOperatingHeap 12
    jnxOperatingUpTime 13
    jnxOperatingLastRestart 14
    jnxOperatingMemory 15
    jnxOperatingStateOrdered 16 running=1 standby=2 ready=3 runningAtFullSpeed=4 reset=5 down=6 unknown=7
    jnxOperatingChassisId 17
    jnxOperatingChassisDescr 18
    jnxOperatingRestartTime 19 time
    jnxOperating1MinLoadAvg 20
    jnxOperating5MinLoadAvg 21
    jnxOperating15MinLoadAvg 22
    jnxOperating1MinAvgCPU 23
    jnxOperating5MinAvgCPU 24
    jnxOperating15MinAvgCPU 25
    jnxOperatingFRUPower 26
    jnxOperatingBufferCP 27
    jnxOperatingMemoryCP 28
    @jnxRedundancyEntry 1.3.6.1.4.1.2636.3.1.14.1
    jnxRedundancyContentsIndex 1
    jnxRedundancyL1Index 2
    jnxRedundancyL2Index 3
    jnxRedundancyL3Index 4
    jnxRedundancyDescr 5
    jnxRedundancyConfig 6 unknown=1 master=2 backup=3 disabled=4 notApplicable=5
    jnxRedundancyState 7 unknown=1 master=2 backup=3 disabled=4
    jnxRedundancySwitchoverCount 8
    jnxRedundancySwitchoverTime 9
    jnxRedundancySwitchoverReason 10 other=1 neverSwitched=2 userSwitched=3 autoSwitched=4
    jnxRedundancyKeepaliveHeartbeat 11
    jnxRedundancyKeepaliveTimeout 12
    jnxRedundancyKeepaliveElapsed 13
    jnxRedundancyKeepaliveLoss 14
    jnxRedundancyChassisId 15
    jnxRedundancyChassisDescr 16
    @jnxFruEntry 1.3.6.1.4.1.2636.3.1.15.1
    jnxFruContentsIndex 1
    jnxFruL1Index 2
    jnxFruL2Index 3
    jnxFruL3Index 4
    jnxFruName 5
    jnxFruType 6 other=1 clockGenerator=2 flexiblePicConcentrator=3 switchingAndForwardingModule=4
    + controlBoard=5 routingEngine=6 powerEntryModule=7 frontPanelModule=8 switchInterfaceBoard=9
    + processorMezzanineBoardForSIB=10 portInterfaceCard=11 craftInterfacePanel=12 fan=13 lineCardChassis=14
    + forwardingEngineBoard=15 protectedSystemDomain=16 powerDistributionUnit=17 powerSupplyModule=18
    + switchFabricBoard=19 adapterCard=20
    jnxFruSlot 7
    jnxFruState 8 unknown=1 empty=2 present=3 ready=4 announceOnline=5 online=6 anounceOffline=7 offline=8
    + diagnostic=9 standby=10
    jnxFruTemp 9
    jnxFruOfflineReason 10
    jnxFruLastPowerOff 11
    jnxFruLastPowerOn 12
    jnxFruPowerUpTime 13
    jnxFruChassisId 14
    jnxFruChassisDescr 15
    jnxFruPsdAssignment 16
    @mplsLspTraps 1.3.6.1.4.1.2636.3.2.0
    mplsLspInfoUp 1 trap
    mplsLspInfoDown 2 trap
    mplsLspInfoChange 3 trap
    mplsLspInfoPathDown 4 trap
    mplsLspInfoPathUp 5 trap
    @mplsLspEntry 1.3.6.1.4.1.2636.3.2.3.1
    mplsLspName 1
    mplsPathName 17
    @mplsTraps 1.3.6.1.4.1.2636.3.2.4
    mplsLspUp 1 trap
    mplsLspDown 2 trap
    mplsLspChange 3 trap
    mplsLspPathDown 4 trap
    mplsLspPathUp 5 trap
    @mplsLspInfoEntry 1.3.6.1.4.1.2636.3.2.5.1
    mplsLspInfoName 1
    mplsPathInfoName 17
    @ifJnxEntry 1.3.6.1.4.1.2636.3.3.1.1
    ifJnxCrcErrors 32
    ifJnxFcsErrors 33
    @ifJnxNotificationPrefix 1.3.6.1.4.1.2636.3.3.3.0
    ifJnxErrors 1 trap
    @jnxYellowAlarms 1.3.6.1.4.1.2636.3.4.2.2
    jnxYellowAlarmState 1 %JnxYellowAlarmState
    jnxYellowAlarmCount 2
    jnxYellowAlarmLastChange 3
    @jnxRedAlarms 1.3.6.1.4.1.2636.3.4.2.3
    jnxRedAlarmState 1 %JnxYellowAlarmState
    jnxRedAlarmCount 2
    jnxRedAlarmLastChange 3
    @jnxPingCtlEntry 1.3.6.1.4.1.2636.3.7.1.2.1
    jnxPingCtlRttThreshold 7
    jnxPingCtlRttStdDevThreshold 8
    jnxPingCtlRttJitterThreshold 9
    jnxPingCtlEgressTimeThreshold 10
    jnxPingCtlEgressStdDevThreshold 11
    jnxPingCtlEgressJitterThreshold 12
    jnxPingCtlIngressTimeThreshold 13
    jnxPingCtlIngressStddevThreshold 14
    jnxPingCtlIngressJitterThreshold 15
    @jnxPingResultsEntry 1.3.6.1.4.1.2636.3.7.1.3.1
    jnxPingResultsRttUs 1
    jnxPingResultsMinRttUs 3
    jnxPingResultsMaxRttUs 4
    jnxPingResultsAvgRttUs 5
    jnxPingResultsStdDevRttUs 6
    jnxPingResultsEgressUs 7
    jnxPingResultsMinEgressUs 8
    jnxPingResultsMaxEgressUs 9
    jnxPingResultsAvgEgressUs 10
    jnxPingResultsStddevEgressUs 11
    jnxPingResultsIngressUs 12
    jnxPingResultsMinIngressUs 13
    jnxPingResultsMaxIngressUs 14
    jnxPingResultsAvgIngressUs 15
    jnxPingResultsStddevIngressUs 16
    @jnxRmonAlarmEntry 1.3.6.1.4.1.2636.3.13.1.1
    jnxRmonAlarmGetFailReason 3 other=1 noError=2 noSuchObject=3 outOfView=4 noSuchInstance=5 badReqId=6
    + oidMatchErr=7 oidBindErr=8 createPktErr=9 badObjType=10 processRestarted=11 lostInstance=12
    @jnxLdpTrapVars 1.3.6.1.4.1.2636.3.14.1
    jnxLdpLspFec 1
    jnxLdpRtrid 2
    jnxLdpLspDownReason 3 topologyChanged=1 receivedWithdrawl=2 neighborDown=3 filterChanged=4
    + bfdSessionDown=5 unknown=6 lspingDown=7
    jnxLdpSesDownReason 4 unknown=0 holdExpired=1 connectionExpired=2 allAdjacenciesDown=3 badTLV=4 badPDU=5
    + connectionError=6 connectionReset=7 peerSentNotification=8 unexpectedEOF=9 authenticationChanged=10
    + initError=11 gracefulRestartAbort=12 cliCommand=13 gracefulRestartChanged=14
    jnxLdpSesDownIf 5
    jnxLdpLspFecLen 6
    jnxLdpSesUpIf 7
    @jnxCmCfgChgEventEntry 1.3.6.1.4.1.2636.3.18.1.7.1
    jnxCmCfgChgEventIndex 1
    jnxCmCfgChgEventTime 2
    jnxCmCfgChgEventDate 3 time
    jnxCmCfgChgEventSource 4 %JnxCmCfChgSource
    jnxCmCfgChgEventUser 5
    jnxCmCfgChgEventLog 6
    @jnxCmRescueChg 1.3.6.1.4.1.2636.3.18.2
    jnxCmRescueChgTime 1
    jnxCmRescueChgDate 2 time
    jnxCmRescueChgSource 3 %JnxCmCfChgSource
    jnxCmRescueChgUser 4
    jnxCmRescueChgState 5 nonexistant=1 updated=2
    @jnxSonetAlarmEntry 1.3.6.1.4.1.2636.3.20.1.1.1
    jnxSonetCurrentAlarms 1 bits %JnxSonetAlarmId
    jnxSonetLastAlarmId 2 bits %JnxSonetAlarmId
    jnxSonetLastAlarmDate 4 time
    @jnxVpnMIBNotifications 1.3.6.1.4.1.2636.3.26.0
    jnxVpnIfUp 1 trap
    jnxVpnIfDown 2 trap
    jnxVpnPwUp 3 trap
    jnxVpnPwDown 4 trap
    @jnxVpnIfEntry 1.3.6.1.4.1.2636.3.26.1.3.1
    jnxVpnIfVpnType 1 %JnxVpnType
    jnxVpnIfVpnName 2
    jnxVpnIfIndex 3
    @jnxVpnPwEntry 1.3.6.1.4.1.2636.3.26.1.4.1
    jnxVpnPwVpnType 1 %JnxVpnType
    jnxVpnPwVpnName 2
    jnxVpnPwIndex 3
    @jnxSyslogEntry 1.3.6.1.4.1.2636.3.35.1.1.1
    jnxSyslogEventName 2
    jnxSyslogTimestamp 3 time
    jnxSyslogSeverity 4 emergency=1 alert=2 critical=3 error=4 warning=5 notice=6 info=7 debug=8
    jnxSyslogFacility 5 kernel=1 user=2 mail=3 daemon=4 auth=5 syslog=6 lpr=7 news=8 uucp=9 cron=10
    + authPriv=11 ftp=12 ntp=13 security=14 console=15 local0=17 dfc=18 local2=19 firewall=20 pfe=21
    + conflict=22 change=23 interact=24
    jnxSyslogProcessId 6
    jnxSyslogProcessName 7
    jnxSyslogHostName 8
    jnxSyslogMessage 9
    @jnxMplsLdpSessionEntry 1.3.6.1.4.1.2636.3.36.1.3.3.1
    jnxMplsLdpSesState 2 nonexistent=1 initialized=2 openrec=3 opensent=4 operational=5
    @jnxEventNotifyVars 1.3.6.1.4.1.2636.3.37.1
    jnxEventTrapDescr 1
    @jnxJsAuthNotifications 1.3.6.1.4.1.2636.3.39.1.2.1.0
    jnxJsFwAuthFailure 1 trap
    jnxJsFwAuthServiceUp 2 trap
    jnxJsFwAuthServiceDown 3 trap
    jnxJsFwAuthCapacityExceeded 4 trap
    @jnxJsAuthTrapVars 1.3.6.1.4.1.2636.3.39.1.2.1.1.2
    jnxJsFwAuthUserName 1
    jnxJsFwAuthServiceDesc 2
    jnxJsFwAuthReason 3
    jnxJsFwAuthClientIpAddr 4
    @jnxJsScreenNotifications 1.3.6.1.4.1.2636.3.39.1.8.1.0
    jnxJsScreenAttack 1 trap
    jnxJsScreenCfgChange 2 trap
    @jnxJsScreenMonEntry 1.3.6.1.4.1.2636.3.39.1.8.1.1.1.1
    jnxJsScreenZoneName 1
    @jnxJsScreenTrapVars 1.3.6.1.4.1.2636.3.39.1.8.1.2
    jnxJsScreenAttackType 1
    jnxJsScreenAttackCounter 2
    jnxJsScreenAttackDescr 3
    jnxJsScreenCfgStatus 4 disabled=1 enabled=2
    @jnxJsChassisClusterNotifications 1.3.6.1.4.1.2636.3.39.1.14.1.0
    jnxJsChassisClusterSwitchover 1 trap
    jnxJsChClusterIntfTrap 2 trap
    jnxJsChClusterSpuMismatchTrap 3 trap
    jnxJsChClusterWeightTrap 4 trap
    @jnxJsChassisClusterTrapObjects 1.3.6.1.4.1.2636.3.39.1.14.1.1
    jnxJsChClusterSwitchoverInfoRedundancyGroup 1
    jnxJsChClusterSwitchoverInfoClusterId 2
    jnxJsChClusterSwitchoverInfoNodeId 3
    jnxJsChClusterSwitchoverInfoPreviousState 4
    jnxJsChClusterSwitchoverInfoCurrentState 5
    jnxJsChClusterSwitchoverInfoReason 6
    jnxJsChClusterIntfName 7
    jnxJsChClusterIntfState 8
    jnxJsChClusterIntfSeverity 9
    jnxJsChClusterIntfStateReason 10
    jnxJsChClusterNodeZeroId 11
    jnxJsChClusterNodeOneId 12
    jnxJsChClusterNodeZeroSpuCount 13
    jnxJsChClusterNodeOneSpuCount 14
    jnxJsChClusterClusterID 15
    jnxJsChClusterRedundancyGroupID 16
    jnxJsChClusterNodeID 17
    jnxJsChClusterWeightHealthStatus 18
    jnxJsChClusterWeightValue 19
    @jnxVirtualChassisMemberEntry 1.3.6.1.4.1.2636.3.40.1.4.1.1.1
    jnxVirtualChassisMemberSerialnumber 2
    jnxVirtualChassisMemberRole 3 master=1 backup=2 linecard=3
    jnxVirtualChassisMemberModel 8
    jnxVirtualChassisMemberLocation 9
    @jnxVirtualChassisPortEntry 1.3.6.1.4.1.2636.3.40.1.4.1.2.1
    jnxVirtualChassisPortAdminStatus 3 %JnxVirtualChassisPortAdminStatus
    jnxVirtualChassisPortOperStatus 4 %JnxVirtualChassisPortAdminStatus
    @jnxMacHistoryEntry 1.3.6.1.4.1.2636.3.40.1.7.1.1.1.8.1
    jnxHistMacChangedMsg 2
    jnxHistTimestamp 3
    @jnxMacNotificationsPrefix 1.3.6.1.4.1.2636.3.40.1.7.2.0
    jnxMacChangedNotification 1 trap
    @jnxBfdNotification 1.3.6.1.4.1.2636.3.45.1.0
    jnxBfdSessTxIntervalHigh 1 trap
    jnxBfdSessDetectionTimeHigh 2 trap
    @jnxBfdSessEntry 1.3.6.1.4.1.2636.3.45.1.1.1.1
    jnxBfdSessThreshTxInterval 1
    jnxBfdSessCurrTxInterval 2
    jnxBfdSessThreshDectTime 3
    jnxBfdSessCurrDectTime 4
    @jnxl2aldNotification 1.3.6.1.4.1.2636.3.48.1.0
    jnxl2aldRoutingInstMacLimit 1 trap
    jnxl2aldInterfaceMacLimit 2 trap
    jnxl2aldGlobalMacLimit 3 trap
    jnxl2aldMacMoveThreshold 4 trap
    jnxL2aldMacChangedNotification 5 trap
    jnxl2aldMacPinningdiscard 6 trap
    @jnxl2aldEntry 1.3.6.1.4.1.2636.3.48.1.1.1.1
    jnxl2aldIntfLogicalRouter 1
    jnxl2aldIntfRoutingInst 2
    jnxl2aldIntfBridgeDomain 3
    jnxl2aldIntfMacLimit 4
    jnxl2aldIntfMacPinningIntf 5
    jnxl2aldIntfDiscardIntf 6
    @jnxl2aldObjects 1.3.6.1.4.1.2636.3.48.1.1
    jnxl2aldRoutingInst 2
    jnxl2aldBridgeDomain 3
    jnxl2aldLogicalRouter 4
    jnxl2aldMacLimit 5
    jnxl2aldGbMacLimit 6
    jnxl2aldMacAdress 7
    @jnxL2aldMacHistoryEntry 1.3.6.1.4.1.2636.3.48.1.2.1.8.1
    jnxL2aldHistMacChangedMsg 2
    jnxL2aldHistTimestamp 3
    @jnxDomCurrentEntry 1.3.6.1.4.1.2636.3.60.1.1.1.1
    jnxDomCurrentAlarms 1 bits %JnxDomAlarmId
    jnxDomCurrentAlarmDate 2 time
    jnxDomLastAlarms 3 bits %JnxDomAlarmId
    @jnxDomCurrentLaneEntry 1.3.6.1.4.1.2636.3.60.1.2.1.1
    jnxDomLaneIndex 1
    jnxDomCurrentLaneAlarms 2 bits %JnxDomLaneAlarmId
    jnxDomCurrentLaneAlarmDate 3 time
    jnxDomLaneLastAlarms 4 bits %JnxDomLaneAlarmId
    @jnxChassisTraps 1.3.6.1.4.1.2636.4.1
    jnxPowerSupplyFailure 1 trap
    jnxFanFailure 2 trap
    jnxOverTemperature 3 trap
    jnxRedundancySwitchover 4 trap
    jnxFruRemoval 5 trap
    jnxFruInsertion 6 trap
    jnxFruPowerOff 7 trap
    jnxFruPowerOn 8 trap
    jnxFruFailed 9 trap
    jnxFruOffline 10 trap
    jnxFruOnline 11 trap
    jnxFruCheck 12 trap
    jnxFEBSwitchover 13 trap
    jnxHardDiskFailed 14 trap
    jnxHardDiskMissing 15 trap
    jnxBootFromBackup 16 trap
    jnxFmLinkErr 17 trap
    jnxFmCellDropErr 18 trap
    jnxExtSrcLockLost 19 trap
    jnxPlaneOffline 20 trap
    jnxPlaneOnline 21 trap
    jnxPlaneCheck 22 trap
    jnxPlaneFault 23 trap
    jnxPowerSupplyInputFailure 24 trap
    jnxFmAsicErr 25 trap
    jnxMountVarOffHardDiskFailed 26 trap
    jnxFmHealthChkErr 27 trap
    @jnxChassisOKTraps 1.3.6.1.4.1.2636.4.2
    jnxPowerSupplyOK 1 trap
    jnxFanOK 2 trap
    jnxTemperatureOK 3 trap
    jnxFruOK 4 trap
    jnxExtSrcLockAcquired 5 trap
    jnxHardDiskOK 6 trap
    jnxPowerSupplyInputOK 7 trap
    @jnxRmonTrapPrefix 1.3.6.1.4.1.2636.4.3.0
    jnxRmonAlarmGetFailure 1 trap
    jnxRmonGetOk 2 trap
    @jnxLdpTrapPrefix 1.3.6.1.4.1.2636.4.4.0
    jnxLdpLspUp 1 trap
    jnxLdpLspDown 2 trap
    jnxLdpSesUp 3 trap
    jnxLdpSesDown 4 trap
    @jnxCmNotificationsPrefix 1.3.6.1.4.1.2636.4.5.0
    jnxCmCfgChange 1 trap
    jnxCmRescueChange 2 trap
    @jnxSonetNotificationPrefix 1.3.6.1.4.1.2636.4.6.0
    jnxSonetAlarmSet 1 trap
    jnxSonetAlarmCleared 2 trap
    @jnxPingNotificationPrefix 1.3.6.1.4.1.2636.4.9.0
    jnxPingRttThresholdExceeded 1 trap
    jnxPingRttStdDevThresholdExceeded 2 trap
    jnxPingRttJitterThresholdExceeded 3 trap
    jnxPingEgressThresholdExceeded 4 trap
    jnxPingEgressStdDevThresholdExceeded 5 trap
    jnxPingEgressJitterThresholdExceeded 6 trap
    jnxPingIngressThresholdExceeded 7 trap
    jnxPingIngressStddevThresholdExceeded 8 trap
    jnxPingIngressJitterThresholdExceeded 9 trap
    @jnxSyslogNotificationPrefix 1.3.6.1.4.1.2636.4.12.0
    jnxSyslogTrap 1 trap
    @jnxEventNotificationPrefix 1.3.6.1.4.1.2636.4.13.0
    jnxEventTrap 1 trap
    @jnxVccpNotificationsPrefix 1.3.6.1.4.1.2636.4.14.0
    jnxVccpPortUp 1 trap
    jnxVccpPortDown 2 trap
    jnxVccpMemberUp 3 trap
    jnxVccpMemberDown 4 trap
    @jnxDomNotificationPrefix 1.3.6.1.4.1.2636.4.18.0
    jnxDomAlarmSet 1 trap
    jnxDomAlarmCleared 2 trap
    @jnxDomLaneNotificationPrefix 1.3.6.1.4.1.2636.4.25.0
    jnxDomLaneAlarmSet 1 trap
    jnxDomLaneAlarmCleared 2 trap
    @jnxBgpM2BaseNotifications 1.3.6.1.4.1.2636.5.1.1.1.0
    jnxBgpM2Established 1 trap
    jnxBgpM2BackwardTransition 2 trap
    @jnxBgpM2PeerEntry 1.3.6.1.4.1.2636.5.1.1.2.1.1.1
    jnxBgpM2PeerIdentifier 1 hex
    jnxBgpM2PeerState 2 idle=1 connect=2 active=3 opensent=4 openconfirm=5 established=6
    jnxBgpM2PeerStatus 3 halted=1 running=2
    jnxBgpM2PeerConfiguredVersion 4
    jnxBgpM2PeerNegotiatedVersion 5
    jnxBgpM2PeerLocalAddrType 6 family %InetAddressType
    jnxBgpM2PeerLocalAddr 7 address
    jnxBgpM2PeerLocalPort 8
    jnxBgpM2PeerLocalAs 9
    jnxBgpM2PeerRemoteAddrType 10 family %InetAddressType
    jnxBgpM2PeerRemoteAddr 11 address
    jnxBgpM2PeerRemotePort 12
    jnxBgpM2PeerRemoteAs 13
    jnxBgpM2PeerIndex 14
    jnxBgpM2PeerRoutingInstance 15
    @jnxBgpM2PeerErrorsEntry 1.3.6.1.4.1.2636.5.1.1.2.2.1.1
    jnxBgpM2PeerLastErrorReceived 1
    jnxBgpM2PeerLastErrorReceivedText 5
    """
}
