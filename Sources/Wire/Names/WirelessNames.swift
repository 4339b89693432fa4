// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// AIRESPACE-WIRELESS-MIB and CISCO-LWAPP-AP-MIB.
  static let wireless: StaticString = """
    %BsnAPAdminStatus enable=1 disable=2
    %BsnClearTrapVariable false=0 true=1
    %BsnTrustedApEncryptionUsed none=0 open=1 wep=2 wpa=3
    %BsnTrustedApPreambleUsed none=0 short=1 long=2
    %BsnTrustedApRadioPolicyRequired none=0 dot11b=1 dot11a=2 dot11bg=3
    %CLApMode local=0 monitor=1 remote=2 rogueDetector=3 sniffer=4 bridge=5 seConnect=6 remoteBridge=7
    + remoteHybrid=8 sensor=9
    %TruthValue true=1 false=2
    @ciscoLwappApMIBNotifs 1.3.6.1.4.1.9.9.513.0
    ciscoLwappApIfRegulatoryDomainMismatchNotif 1 trap
    ciscoLwappApCrash 2 trap
    ciscoLwappApUnsupported 3 trap
    ciscoLwappApAssociated 4 trap
    ciscoLwappApPower 5 trap
    ciscoLwappApRogueApDetected 6 trap
    ciscoLwappApRogueApCleared 7 trap
    ciscoLwappApWipsNotification 8 trap
    ciscoLwappApNoDownlinkChannelNotify 9 trap
    ciscoLwappApIfUpNotify 10 trap
    ciscoLwappApIfDownNotify 11 trap
    ciscoLwappApClientThresholdNotify 12 trap
    ciscoLwappApUpgradeFailureNotify 13 trap
    ciscoLwappApCpuUsageHigh 14 trap
    ciscoLwappApMemoryUsageHigh 15 trap
    ciscoLwappApMaxClientLimitNotify 16 trap
    ciscoLwappApAdjChannelRogueDetected 17 trap
    ciscoLwappApAdjChannelRogueCleared 18 trap
    ciscoLwappApRogueDetected 19 trap
    ciscoLwappApCurrentChannelRogueDetected 20 trap
    ciscoLwappApCurrentChannelRogueCleared 21 trap
    ciscoLwappApMonitorModeChangeNotify 22 trap
    ciscoLwappApAcTimeSyncFailureTrap 23 trap
    ciscoLwappApSsidKeyConflict 24 trap
    ciscoLwappApCurrChannelChanged 25 trap
    ciscoLwappApCapwapRetransmissionQueueFullEvent 26 trap
    ciscoLwappApSystemBootupEvent 27 trap
    ciscoLwappXmFilterCheckWarning 28 trap
    ciscoLwappApModeUnsupportedOnFlexExpressEvent 29 trap
    ciscoLwappApXorRadioRoleChangeNotify 30 trap
    ciscoLwappRadioBandChangeNotify 31 trap
    ciscoLwappBrokenAntennaDetails 33 trap
    ciscoLwappApRadioStuck 34 trap
    @cLApEntry 1.3.6.1.4.1.9.9.513.1.1.1.1
    cLApSysMacAddress 1 mac
    cLApIfMacAddress 2 mac
    cLApName 5
    cLApLastRebootReason 16
    cLApPowerStatus 20 low=1 fifteendotfour=2 sixteendoteight=3 full=4 external=5 twentyfivedotfive=6
    + mixedmode=7
    cLApDataEncryptionStatus 36 %TruthValue
    cLApAdminStatus 38 %TruthValue
    cLApPortNumber 39
    cLApMemoryCurrentUsage 55
    cLApCpuCurrentUsage 57
    cLApUpgradeFromVersion 59
    cLApUpgradeToVersion 60
    cLApUpgradeFailureCause 61
    cLApMaxClientLimitNumberTrap 62
    cLApMaxClientLimitCause 63
    cLApMaxClientLimitSet 64 %TruthValue
    @cLApDot11IfEntry 1.3.6.1.4.1.9.9.513.1.2.1.1
    cLApDot11IfSlotId 1
    cLApDot11IfType 2 dot11bg=1 dot11a=2 uwb=3 dot11abgn=4 unknown=5
    cLApDot11IfRegDomain 3
    cLApDot11IfAdminStatus 14 %TruthValue
    cLApDot11XorRadioBand 27 radioband24G=1 radioband5G=2 radioband6G=3
    @cLApEthernetIfEntry 1.3.6.1.4.1.9.9.513.1.2.2.1
    cLApEthernetIfSlotId 1
    @ciscoLwappApMIBNotifObjects 1.3.6.1.4.1.9.9.513.3
    cLApAssocFailureReason 1 unknown=1 notSupported=2
    cLApRogueApMacAddress 2 mac
    cLApDot11RadioChannelNumber 3
    cLApRogueApSsid 4
    cLApRogueType 5 asleap=1 honeypot=2 other=3
    cLApWipsReason 6 noMonitoringDevice=1
    cLApWipsClear 7 %TruthValue
    cLApIfUpDownFailureType 8 detectedFailure=1 configuredReset=2
    cLApIfUpDownCause 9
    cLApIfUpDownFailureCode 10
    cLApAlarmSet 11 %TruthValue
    cLApRogueClassType 12 pending=0 friendly=1 malicious=2 unclassified=3 custom=4
    cLApRogueDetectedChannel 13
    cLApRSSI 14
    cLApSNR 15
    cLApDot11RadioCurrentChannel 16
    cLApAdhocRogue 17 %TruthValue
    cLApRogueAPOnWiredNetwork 18 %TruthValue
    cLApRogueMode 19 initializing=0 pending=1 alert=2 detectedLrad=3 known=4 acknowledge=5 contained=6
    + threat=7 containedPending=8 knownContained=9 trustedMissing=10
    cLApRogueIsClassifiedByRule 20 %TruthValue
    cLApRogueClassifiedApMacAddress 21 mac
    cLApRogueClassifiedRSSI 22
    cLAPPreviousMonitorMode 23 %CLApMode
    cLAPCurrentMonitorMode 24 %CLApMode
    cLApSsidKeyConfSsidA 25
    cLApSsidKeyConfKeyIdxA 26
    cLApSsidKeyConfSsidB 27
    cLApSsidKeyConfKeyIdxB 28
    cLApPreviousChannel 29
    cLApCurrentChannel 30
    cLApChannelCustomize 31 automatic=1 customized=2
    cLApRuleName 34
    cLApSeverityScore 35
    cLApDot11XorRadioRoleChangeReason 36 none=1 auto=2 manual=3
    cLApDot11XorRadioBandChangeReason 37 none=1 coverageHole=2 hyperlocation=3 revert=4 fra=5 manual=6
    cLApBrokenAntApName 38
    cLApBrokenAntInfo 39
    @cldConfig 1.3.6.1.4.1.9.9.612.1.1
    cldRegulatoryDomain 3
    @cLRFProfileEntry 1.3.6.1.4.1.9.9.778.1.1.2.1
    cLRFProfileHighDensityMaxRadioClients 22
    cLRFProfileHDClientTrapThreshold 37
    @bsnDot11EssEntry 1.3.6.1.4.1.14179.2.1.1.1
    bsnDot11EssIndex 1
    @bsnRogueAPEntry 1.3.6.1.4.1.14179.2.1.7.1
    bsnRogueAPDot11MacAddress 1 mac
    bsnRogueAPClassType 25 pending=0 friendly=1 malicious=2 unclassified=3
    @bsnRogueAPAirespaceAPEntry 1.3.6.1.4.1.14179.2.1.8.1
    bsnRogueAPAirespaceAPMacAddress 1 mac
    bsnRogueAPAirespaceAPSlotId 2
    bsnRogueAPRadioType 3 dot11b=1 dot11a=2 unknown=3 uwb=4 dot11g=5 dot11n24=6 dot11n5=7 dot11ac=9
    + dot11ax24=10 dot11ax5=11 dot11ax6=12
    bsnRogueAPAirespaceAPName 4
    bsnRogueAPChannelNumber 5
    bsnRogueAPSsid 6
    bsnRogueAPAirespaceAPRSSI 7
    bsnRogueAPAirespaceAPSNR 27
    @bsnAPEntry 1.3.6.1.4.1.14179.2.2.1.1
    bsnAPDot3MacAddress 1 mac
    bsnAPName 3
    bsnAPPortNumber 13
    bsnApIpAddress 19
    bsnAPStaticIPAddress 28
    bsnAPAdminStatus 37 %BsnAPAdminStatus
    @bsnAPIfEntry 1.3.6.1.4.1.14179.2.2.2.1
    bsnAPIfSlotId 1
    bsnAPIfType 2 dot11b=1 dot11a=2 uwb=4 dot11-6ghz=6 dot11-xor-5-6ghz=7
    bsnAPIfPhyChannelNumber 4
    bsnAPIfPhyTxPowerLevel 6
    bsnAPIfAdminStatus 34 %BsnAPAdminStatus
    @bsnGlobalDot11Config 1.3.6.1.4.1.14179.2.3.1
    bsnGlobalDot11CountryIndex 5
    bsnSensorTemperature 13
    @bsnRrmDot11aGroup 1.3.6.1.4.1.14179.2.4.1.1
    bsnRrmDot11aGroupLeaderMacAddr 2 mac
    @bsnRrmDot11bGroup 1.3.6.1.4.1.14179.2.4.2.1
    bsnRrmDot11bGroupLeaderMacAddr 2 mac
    @bsnAPAuthorizationEntry 1.3.6.1.4.1.14179.2.5.22.1
    bsnAPAuthCertificateType 2 unknown=0 mic=1 ssc=2 locMic=3 locSsc=4 none=5
    @bsnTrapVariable 1.3.6.1.4.1.14179.2.6.2
    bsnAuthFailureUserName 1
    bsnAuthFailureUserType 2 mgmtUser=1 wlanUser=2 macFilter=3
    bsnRemoteIPv4Address 3
    bsnIpsecErrorCount 4
    bsnIpsecSPI 5
    bsnRemoteUdpPort 6
    bsnIkeAuthMethod 7
    bsnIkeTotalInitFailures 8
    bsnIkeTotalInitNoResponses 9
    bsnIkeTotalRespFailures 10
    bsnNotifiesSent 11
    bsnNotifiesReceived 12
    bsnSuiteInitFailures 13
    bsnSuiteRespondFailures 14
    bsnInitiatorCookie 15
    bsnResponderCookie 16
    bsnIsakmpInvalidCookies 17
    bsnCurrentRadiosCount 18
    bsnLicenseRadioCount 19
    bsnAPMacAddrTrapVariable 20 mac
    bsnAPNameTrapVariable 21
    bsnAPSlotIdTrapVariable 22
    bsnAPChannelNumberTrapVariable 23
    bsnAPCoverageThresholdTrapVariable 24
    bsnAPCoverageFailedClients 25
    bsnAPCoverageTotalClients 26
    bsnClientMacAddr 27 mac
    bsnClientRssi 28
    bsnClientSnr 29
    bsnInterferenceEnergyBeforeChannelUpdate 30
    bsnInterferenceEnergyAfterChannelUpdate 31
    bsnAPPortNumberTrapVariable 32
    bsnMaxRogueCount 33
    bsnStationMacAddress 34 mac
    bsnStationAPMacAddr 35 mac
    bsnStationAPIfSlotId 36
    bsnStationReasonCode 37
    bsnStationBlacklistingReasonCode 38 failed80211Auth=1 failedAssociation=2 ipTheft=3 failed8021xAuth=4
    + failedWebAuth=5
    bsnStationUserName 39
    bsnRogueAPOnWiredNetwork 40 no=0 yes=1
    bsnNavDosAttackSourceMacAddr 41 mac
    bsnWlanIdTrapVariable 42
    bsnUserIpAddress 43
    bsnRogueAdhocMode 44 no=0 yes=1
    bsnClearTrapVariable 45 %BsnClearTrapVariable
    bsnDuplicateIpTrapVariable 46
    bsnDuplicateIpTrapClear 47 %BsnClearTrapVariable
    bsnDuplicateIpReportedByAP 48 no=0 yes=1
    bsnTrustedApRadioPolicyRequired 49 %BsnTrustedApRadioPolicyRequired
    bsnTrustedApEncryptionUsed 50 %BsnTrustedApEncryptionUsed
    bsnTrustedApEncryptionRequired 51 %BsnTrustedApEncryptionUsed
    bsnTrustedApRadioPolicyUsed 52 %BsnTrustedApRadioPolicyRequired
    bsnNetworkType 53 dot11b=1 dot11a=2
    bsnNetworkState 54 disable=0 enable=1
    bsnSignatureType 55 standard=0 custom=1
    bsnSignatureName 56
    bsnSignatureDescription 57
    bsnImpersonatedAPMacAddr 58 mac
    bsnTrustedApPreambleUsed 59 %BsnTrustedApPreambleUsed
    bsnTrustedApPreambleRequired 60 %BsnTrustedApPreambleUsed
    bsnSignatureAttackPreced 61
    bsnSignatureAttackFrequency 62
    bsnSignatureAttackChannel 63
    bsnSignatureAttackerMacAddress 64 mac
    bsnLicenseKeyTrapVariable 65
    bsnApFunctionalityDisableReasonCode 66 unknown=0 licenseKeyExpired=1 licenseKeyDeleted=2
    + licenseKeyFeatureMismatch=3
    bsnLicenseKeyFeatureSetTrapVariable 67 wps=1 all=2
    bsnApRegulatoryDomain 68 a=0 e=1 i=6 j=9 c=16 n=21 k=32 p=33 s=34 t=35 r=48 notavailable=65535
    bsnAPAuthorizationFailureCause 69 unknown=0 keymismatch=1 entrydoesnotexist=2 invalidCertifcate=3
    + entryIsMIC=4 aaaEntryDoesNotExist=5
    bsnAPIfUpDownCause 70 unknown=0 radioFailure=1 radioLowPower=2 maxRetransmission=3 echoTimeout=4
    + configAP=5 configRadio=6 configNetwork=7 adminConfigured=8 missedRekey=9 detectingInLinePower=10
    + newDiscovery=11
    bsnAPInvalidRadioType 71 unsupportedRadio=0
    locationNotifyContent 72
    bsnSignatureMacInfo 73 bsnSignatureMacAll=0 bsnSignatureMacIndividual=1 bsnSignatureMacBoth=2
    bsnImpersonatingSourceMacAddr 74 mac
    bsnAPPreviousChannelNumberTrapVariable 83
    bsnAPReasonCodeTrapVariable 84 bits noReason=0 signal=1 noise=2 interference=3 load=4 radar=5
    + deviceAware=6 majorSIAQEvent=7
    bsnNoiseBeforeChannelUpdate 85
    bsnNoiseAfterChannelUpdate 86
    bsnInterferenceBeforeChannelUpdate 87
    bsnInterferenceAfterChannelUpdate 88
    @bsnTraps 1.3.6.1.4.1.14179.2.6.3
    bsnDot11StationDisassociate 1 trap
    bsnDot11StationDeauthenticate 2 trap
    bsnDot11StationAuthenticateFail 3 trap
    bsnDot11StationAssociateFail 4 trap
    bsnAPUp 5 trap
    bsnAPDown 6 trap
    bsnAPAssociated 7 trap
    bsnAPDisassociated 8 trap
    bsnAPIfUp 9 trap
    bsnAPIfDown 10 trap
    bsnAPLoadProfileFailed 11 trap
    bsnAPNoiseProfileFailed 12 trap
    bsnAPInterferenceProfileFailed 13 trap
    bsnAPCoverageProfileFailed 14 trap
    bsnAPCurrentTxPowerChanged 15 trap
    bsnAPCurrentChannelChanged 16 trap
    bsnRrmDot11aGroupingDone 21 trap
    bsnRrmDot11bGroupingDone 22 trap
    bsnConfigSaved 23 trap
    bsnDot11EssCreated 24 trap
    bsnDot11EssDeleted 25 trap
    bsnRADIUSServerNotResponding 26 trap
    bsnAuthenticationFailure 27 trap
    bsnIpsecEspAuthFailureTrap 28 trap
    bsnIpsecEspReplayFailureTrap 29 trap
    bsnIpsecEspInvalidSpiTrap 31 trap
    bsnIpsecIkeNegFailure 33 trap
    bsnIpsecSuiteNegFailure 34 trap
    bsnIpsecInvalidCookieTrap 35 trap
    bsnRogueAPDetected 36 trap
    bsnAPLoadProfileUpdatedToPass 37 trap
    bsnAPNoiseProfileUpdatedToPass 38 trap
    bsnAPInterferenceProfileUpdatedToPass 39 trap
    bsnAPCoverageProfileUpdatedToPass 40 trap
    bsnRogueAPRemoved 41 trap
    bsnRadiosExceedLicenseCount 42 trap
    bsnSensedTemperatureTooHigh 43 trap
    bsnSensedTemperatureTooLow 44 trap
    bsnTemperatureSensorFailure 45 trap
    bsnTemperatureSensorClear 46 trap
    bsnPOEControllerFailure 47 trap
    bsnMaxRogueCountExceeded 48 trap
    bsnMaxRogueCountClear 49 trap
    bsnApMaxRogueCountExceeded 50 trap
    bsnApMaxRogueCountClear 51 trap
    bsnDot11StationBlacklisted 52 trap
    bsnDot11StationAssociate 53 trap
    bsnApBigNavDosAttack 55 trap
    bsnTooManyUnsuccessLoginAttempts 56 trap
    bsnWepKeyDecryptError 57 trap
    bsnWpaMicErrorCounterActivated 58 trap
    bsnRogueAPDetectedOnWiredNetwork 59 trap
    bsnApHasNoRadioCards 60 trap
    bsnDuplicateIpAddressReported 61 trap
    bsnAPContainedAsARogue 62 trap
    bsnTrustedApHasInvalidSsid 63 trap
    bsnTrustedApIsMissing 64 trap
    bsnAdhocRogueAutoContained 65 trap
    bsnRogueApAutoContained 66 trap
    bsnTrustedApHasInvalidEncryption 67 trap
    bsnTrustedApHasInvalidRadioPolicy 68 trap
    bsnNetworkStateChanged 69 trap
    bsnSignatureAttackDetected 70 trap
    bsnAPRadioCardTxFailure 71 trap
    bsnAPRadioCardTxFailureClear 72 trap
    bsnAPRadioCardRxFailure 73 trap
    bsnAPRadioCardRxFailureClear 74 trap
    bsnAPImpersonationDetected 75 trap
    bsnTrustedApHasInvalidPreamble 76 trap
    bsnAPIPAddressFallback 77 trap
    bsnAPFunctionalityDisabled 78 trap
    bsnAPRegulatoryDomainMismatch 79 trap
    bsnRxMulticastQueueFull 80 trap
    bsnRadarChannelDetected 81 trap
    bsnRadarChannelCleared 82 trap
    bsnAPAuthorizationFailure 83 trap
    radioCoreDumpTrap 84 trap
    invalidRadioTrap 85 trap
    countryChangeTrap 86 trap
    unsupportedAPTrap 87 trap
    heartbeatLossTrap 88 trap
    locationNotifyTrap 89 trap
    """
}
